// What a builder of etcd3 requests: the arguments of kv.get, kv.put and kv.delete, and of op.get, op.put and op.delete.
import { type Chain, type Link, Refusal } from './chain.ts';
import type { Migration } from './migration.ts';
import { literal } from './syntax.ts';
import { leaseNamesOf, leaseOf, rangeOf, revisionOf, timeoutOf, valueOf } from './values.ts';

/** A request to the keys. */
export interface Request {
  readonly client: string;
  readonly verb: 'get' | 'put' | 'delete';
  readonly builder: 'get' | 'getAll' | 'put' | 'delete';
  readonly args: string[];
  readonly options: string[];
  /** The links that are no part of the request: at most one, the form of the answer. */
  readonly answer: Link | undefined;
}

/** Reads a chain as a request; `undefined` if it is another one. */
export function requestOf(migration: Migration, chain: Chain): Request | Refusal | undefined {
  const [first, ...rest] = chain.links;
  const { name } = first as Link;
  if (name !== 'get' && name !== 'getAll' && name !== 'put' && name !== 'delete') return undefined;
  const lease = chain.kind === 'Lease' ? leaseNamesOf(migration, chain.base) : undefined;
  if (chain.kind === 'Lease' && (lease === undefined || name !== 'put')) return undefined;
  if (chain.kind !== 'Lease' && chain.kind !== 'Etcd3' && chain.kind !== 'Namespace') return undefined;
  const draft = new Draft(migration, name, first as Link);
  let answer: Link | undefined;
  for (const link of rest) {
    if (answer !== undefined) return new Refusal(`.${link.name}() after .${answer.name}()`);
    const refusal = draft.set(link);
    if (refusal === 'answer') answer = link;
    else if (refusal !== undefined) return refusal;
  }
  if (lease !== undefined) draft.options.push(property('lease', lease.id));
  const refusal = draft.end();
  if (refusal !== undefined) return refusal;
  const client = lease?.client ?? migration.render(chain.base);
  const verb = name === 'getAll' ? 'get' : name;
  return { client, verb, builder: name, args: draft.args, options: draft.options, answer };
}

const REVISIONS = ['revision', 'minModRevision', 'maxModRevision', 'minCreateRevision', 'maxCreateRevision'];
const TARGETS: Readonly<Record<string, string>> = {
  Key: 'key',
  Version: 'version',
  Create: 'createRevision',
  Mod: 'modRevision',
  Value: 'value',
};
const ORDERS: Readonly<Record<string, string>> = { Ascend: 'ascend', Descend: 'descend' };

const property = (name: string, value: string): string => (name === value ? name : `${name}: ${value}`);

/** A request while the links of its builder are read. */
class Draft {
  readonly args: string[];
  readonly options: string[] = [];
  readonly #migration: Migration;
  readonly #builder: string;
  #range: { readonly key: string; readonly forms: readonly string[] } | undefined;

  constructor(migration: Migration, builder: string, first: Link) {
    this.#migration = migration;
    this.#builder = builder;
    this.args = first.args.map((one) => migration.render(one));
  }

  /** Takes one link. `answer` if it is about the answer. */
  set({ name, args }: Link): Refusal | 'answer' | undefined {
    const [first, second] = args;
    if (name === 'options') {
      const timeout = first && timeoutOf(this.#migration, first);
      if (timeout === undefined) return new Refusal('the call options of gRPC become timeoutMs, signal or metadata');
      this.options.push(property('timeoutMs', timeout));
      return undefined;
    }
    if (name === 'ignoreLease') {
      this.options.push('ignoreLease: true');
      return undefined;
    }
    if (name === 'all') this.#range = { key: "''", forms: ['prefix: true'] };
    if (name === 'all') return undefined;
    if (first === undefined) return 'answer';
    const migration = this.#migration;
    if (REVISIONS.includes(name)) this.options.push(property(name, revisionOf(migration, first)));
    else if (name === 'serializable' || name === 'limit') this.options.push(property(name, migration.render(first)));
    else if (name === 'value') this.args[1] = valueOf(migration, first);
    else if (name === 'prefix') this.#range = { key: migration.render(first), forms: ['prefix: true'] };
    else if (name === 'key') this.#range = { key: migration.render(first), forms: [] };
    else if (name === 'inRange' || name === 'range') {
      this.#range = rangeOf(migration, first);
      if (this.#range === undefined)
        return new Refusal('a range that is not written out here becomes a key with prefix or rangeEnd');
    } else if (name === 'lease') {
      const id = leaseOf(migration, first);
      if (id === undefined) return new Refusal('the lease of a put is the id that client.lease.grant resolves with');
      this.options.push(property('lease', id));
    } else if (name === 'sort') {
      const [by, order] = [TARGETS[literal(first) ?? ''], ORDERS[literal(second) ?? '']];
      if (literal(second) === 'None') return undefined;
      if (by === undefined || order === undefined) return new Refusal('sort takes { by, order } with names of its own');
      this.options.push(`sort: { by: '${by}', order: '${order}' }`);
    } else return 'answer';
    return undefined;
  }

  end(): Refusal | undefined {
    if (this.#builder === 'getAll') this.#range ??= { key: "''", forms: ['prefix: true'] };
    if (this.#builder === 'delete' && this.#range === undefined)
      return new Refusal('a delete without a key is not sent');
    if (this.#range !== undefined) {
      this.args.unshift(this.#range.key);
      this.options.unshift(...this.#range.forms);
    }
    if (this.#builder === 'put' && this.args.length === 1) this.args.push("''");
    return undefined;
  }
}
