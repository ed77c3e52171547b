import ts from 'typescript';
import { Refusal, type Chain } from '../chain.ts';
import type { Migration } from '../migration.ts';
import type { Converted } from '../promises.ts';
import { bare, literal, propertiesOf } from '../syntax.ts';
import { rangeOf } from '../values.ts';

const ADMIN = 'authAdmin(client) has all operations, by the names of roles and users';

/** Roles and users: `client.role('app').create()` and its like. */
export function auth(migration: Migration, chain: Chain): Converted | Refusal | undefined {
  const [first, second, ...more] = chain.links;
  if (chain.kind === 'AuthClient') return switches(migration, chain);
  if (chain.kind === 'Role' || chain.kind === 'User') return new Refusal(ADMIN);
  if (chain.kind !== 'Etcd3' || first === undefined) return undefined;
  const admin = (): string => {
    migration.count(first.name);
    return `${migration.imports.use('authAdmin', '@etcdts/auth')}(${migration.render(chain.base)})`;
  };
  const named = (list: string) => (response: string) => `${response}.${list}.map((name) => ({ name }))`;
  if (first.name === 'getRoles') return { call: `${admin()}.roleList()`, take: named('roles') };
  if (first.name === 'getUsers') return { call: `${admin()}.userList()`, take: named('users') };
  const owner = first.args[0];
  if ((first.name !== 'role' && first.name !== 'user') || owner === undefined) return undefined;
  if (second === undefined || more.length > 0) return new Refusal(ADMIN);
  const name = migration.render(owner);
  if (first.name === 'user' && second.name === 'roles')
    return { call: `${admin()}.userGet(${name})`, take: named('roles') };
  const [given] = second.args;
  if (first.name === 'role' && (second.name === 'grant' || second.name === 'revoke')) {
    const list = permissionsOf(migration, given, second.name);
    if (list === undefined) return new Refusal('a permission becomes { type, key, prefix: true or rangeEnd }');
    const method = second.name === 'grant' ? 'roleGrantPermission' : 'roleRevokePermission';
    const calls = list.map((permission) => `${admin()}.${method}(${name}, ${permission})`);
    return { call: calls.length === 1 ? (calls[0] as string) : `Promise.all([${calls.join(', ')}])` };
  }
  const argument = given === undefined ? undefined : migration.render(given);
  const method = METHODS[`${first.name}.${second.name}`]?.(name, argument);
  if (method === undefined) return new Refusal('authAdmin(client) has roleGet and userGet');
  // What etcd3 resolves with is the role or the user.
  const { parent } = chain.node;
  if (ts.isAwaitExpression(parent) && !ts.isExpressionStatement(parent.parent))
    return new Refusal('authAdmin(client) resolves with answers of etcd, not with the role or user');
  return { call: `${admin()}.${method}` };
}

const METHODS: Readonly<Record<string, (name: string, argument: string | undefined) => string | undefined>> = {
  'role.create': (name) => `roleAdd(${name})`,
  'role.delete': (name) => `roleDelete(${name})`,
  'role.addUser': (name, user) => user && `userGrantRole(${user}, ${name})`,
  'role.removeUser': (name, user) => user && `userRevokeRole(${user}, ${name})`,
  'user.create': (name, password) => password && `userAdd(${name}, ${password})`,
  'user.setPassword': (name, password) => password && `userChangePassword(${name}, ${password})`,
  'user.delete': (name) => `userDelete(${name})`,
  'user.addRole': (name, role) => role && `userGrantRole(${name}, ${role})`,
  'user.removeRole': (name, role) => role && `userRevokeRole(${name}, ${role})`,
};

function switches(migration: Migration, chain: Chain): Converted | undefined {
  const [first, ...more] = chain.links;
  const base = bare(chain.base);
  const method = { authEnable: 'enable', authDisable: 'disable' }[first?.name ?? ''];
  if (method === undefined || more.length > 0 || !ts.isPropertyAccessExpression(base)) return undefined;
  migration.count('auth');
  return {
    call: `${migration.imports.use('authAdmin', '@etcdts/auth')}(${migration.render(base.expression)}).${method}()`,
  };
}

function permissionsOf(migration: Migration, node: ts.Expression | undefined, verb: string): string[] | undefined {
  if (node === undefined) return undefined;
  const at = bare(node);
  const list = (ts.isArrayLiteralExpression(at) ? [...at.elements] : [at]).map((one) =>
    permissionOf(migration, one, verb),
  );
  return list.includes(undefined) ? undefined : (list as string[]);
}

function permissionOf(migration: Migration, node: ts.Expression, verb: string): string | undefined {
  const properties = propertiesOf(bare(node));
  const [permission, key, range] = ['permission', 'key', 'range'].map((name) => properties?.get(name));
  const type = { Read: 'read', Write: 'write', Readwrite: 'readwrite' }[literal(permission) ?? ''];
  const place = key ? { key: migration.render(key), forms: [] } : range && rangeOf(migration, range);
  if (place === undefined || (type === undefined && verb === 'grant')) return undefined;
  const kind = verb === 'grant' ? [`type: '${String(type)}'`] : [];
  return `{ ${[...kind, `key: ${place.key}`, ...place.forms].join(', ')} }`;
}
