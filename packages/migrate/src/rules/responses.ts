import ts from 'typescript';
import type { Migration } from '../migration.ts';
import type { Section } from '../page.ts';
import { above, literal } from '../syntax.ts';

/** A member of an answer: its name here, and what else is different. */
interface Member {
  readonly name: string;
  readonly differs?: string;
}

const bigint = (name: string): Member => ({ name, differs: `${name} is a bigint here, and a string in etcd3` });
const number = (name: string): Member => ({ name, differs: `${name} is a number here, and a string in etcd3` });

const MEMBERS: Readonly<Record<string, Readonly<Record<string, Member>>>> = {
  IKeyValue: {
    create_revision: bigint('createRevision'),
    mod_revision: bigint('modRevision'),
    version: number('version'),
    lease: bigint('lease'),
  },
  IResponseHeader: {
    cluster_id: bigint('clusterId'),
    member_id: bigint('memberId'),
    revision: bigint('revision'),
    raft_term: bigint('raftTerm'),
  },
  ILeaseKeepAliveResponse: { ID: bigint('id'), TTL: number('ttl') },
  IRangeResponse: { count: number('count') },
  IPutResponse: { prev_kv: { name: 'prevKv' } },
  IDeleteRangeResponse: { deleted: number('deleted'), prev_kvs: { name: 'prevKvs' } },
  ITxnResponse: {
    responses: {
      name: 'responses',
      differs: 'each response is that of its operation: responses[0].kvs in place of response_range.kvs',
    },
  },
  IEvent: { prev_kv: { name: 'prevKv' }, type: { name: 'type', differs: "type is 'put' or 'delete' here" } },
};
const SECTIONS: Readonly<Record<string, Section>> = {
  ITxnResponse: 'transactions',
  IEvent: 'watches',
  ILeaseKeepAliveResponse: 'leases',
};

/** Members of etcd3's answers: `kv.mod_revision`, `const { prev_kv } = …`, `event.type === 'Put'`. */
export function responses(migration: Migration, node: ts.Node): string | undefined {
  if (ts.isBinaryExpression(node)) return eventType(migration, node);
  if (ts.isBindingElement(node) && ts.isObjectBindingPattern(node.parent)) return bound(migration, node);
  if (!ts.isPropertyAccessExpression(node)) return undefined;
  const member = memberOf(migration, node.expression, node.name.text);
  if (member === undefined) return undefined;
  if (!isHandedOn(migration, node)) note(migration, node.expression, member);
  return `${migration.render(node.expression)}${node.questionDotToken ? '?.' : '.'}${member.name}`;
}

function memberOf({ kinds }: Migration, owner: ts.Node, name: string): Member | undefined {
  const members = MEMBERS[kinds.of(owner) ?? ''];
  return members && Object.hasOwn(members, name) ? members[name] : undefined;
}

function note(migration: Migration, owner: ts.Node, { differs }: Member): void {
  if (differs !== undefined) migration.note(SECTIONS[migration.kinds.of(owner) ?? ''] ?? 'keys', differs);
}

const CONVERSIONS = /^(Number|String|BigInt|parseInt|toString)$/;

/** Whether a number is only handed on to a builder, which is rewritten too, or converted, which takes both. */
function isHandedOn({ kinds }: Migration, node: ts.Node): boolean {
  const { node: at, parent } = above(node);
  if (ts.isTemplateSpan(parent) || (ts.isPropertyAccessExpression(parent) && CONVERSIONS.test(parent.name.text)))
    return true;
  if (ts.isCallExpression(parent) && ts.isIdentifier(parent.expression) && CONVERSIONS.test(parent.expression.text))
    return true;
  if (!ts.isCallExpression(parent) || parent.expression === at || !ts.isPropertyAccessExpression(parent.expression))
    return false;
  return kinds.of(parent.expression.expression) !== undefined;
}

function bound(migration: Migration, node: ts.BindingElement): string | undefined {
  const own = node.propertyName ?? node.name;
  const member = ts.isIdentifier(own) ? memberOf(migration, node.parent, own.text) : undefined;
  if (member === undefined) return undefined;
  note(migration, node.parent, member);
  const name = migration.render(node.name);
  const initial = node.initializer === undefined ? '' : ` = ${migration.render(node.initializer)}`;
  return `${member.name === name ? name : `${member.name}: ${name}`}${initial}`;
}

function eventType(migration: Migration, node: ts.BinaryExpression): string | undefined {
  const [kind] = [node.left, node.right].filter((one) => ['Put', 'Delete'].includes(literal(one) ?? ''));
  const type = kind === node.left ? node.right : node.left;
  if (kind === undefined || !ts.isPropertyAccessExpression(type) || type.name.text !== 'type') return undefined;
  if (migration.kinds.of(type.expression) !== 'IEvent') return undefined;
  const text = (one: ts.Expression): string =>
    one === kind ? one.getText().toLowerCase() : `${migration.render(type.expression)}.type`;
  return `${text(node.left)} ${node.operatorToken.getText()} ${text(node.right)}`;
}
