import type { Operation } from './differential-operations.ts';
import { Random } from './differential-operations.ts';
import type { Message } from '../raw-etcd.ts';

/** The caller: without a user, or with a token. */
export const CALLERS = ['nobody', 'root', 'ann', 'bob', 'invalid'] as const;
export type Caller = (typeof CALLERS)[number];

const USERS = ['root', 'ann', 'bob', 'cn', ''];
const ROLES = ['root', 'one', 'two', ''];
const PASSWORDS = ['p', 'q', '', 'x'.repeat(73)];
const KEYS = ['a', 'b', 'bb', 'c', 'd', '\xff'];
const ENDS = ['', '', 'b', 'c', 'd', 'e', '\0'];
const LEASES = [11, 12, 13];

/** Random operations on users, roles and permissions. */
export class AuthOperations {
  readonly random: Random;

  constructor(seed: number) {
    this.random = new Random(seed);
  }

  caller(): Caller {
    return this.random.pick(this.random.chance(80) ? CALLERS.slice(1, 4) : CALLERS);
  }

  /** A permission for the role. */
  grant(name: string): Operation {
    const perm = { permType: this.random.below(3), key: this.#key(), rangeEnd: this.#end() };
    return { name: 'Auth.RoleGrantPermission', request: { name, perm } };
  }

  next(): Operation {
    return this.random.chance(20) ? this.#administration() : this.#data();
  }

  #administration(): Operation {
    const { random } = this;
    const [name, role] = [random.pick(USERS), random.pick(ROLES)];
    // The access of root can always be restored.
    const isRoot = name === 'root';
    const password = random.pick(isRoot ? PASSWORDS.slice(0, 2) : PASSWORDS);
    const range = { key: this.#key(), rangeEnd: this.#end() };
    const operations: [string, Message][] = [
      ['UserAdd', { name, password, options: { noPassword: !isRoot && random.chance(20) } }],
      ['UserDelete', { name }],
      ['UserChangePassword', { name, password }],
      ['UserGrantRole', { user: name, role }],
      ['UserGrantRole', { user: name, role }],
      ['UserRevokeRole', { name, role }],
      ['UserGet', { name }],
      ['UserList', {}],
      ['RoleAdd', { name: role }],
      ['RoleDelete', { role }],
      ['RoleGet', { role }],
      ['RoleList', {}],
      ['RoleGrantPermission', this.grant(role).request],
      ['RoleRevokePermission', { role, ...range }],
      ['AuthStatus', {}],
      ['AuthEnable', {}],
      ...(random.chance(20) ? [['AuthDisable', {}] as [string, Message]] : []),
    ];
    const [method, request] = random.pick(operations);
    return { name: `Auth.${method}`, request };
  }

  #data(): Operation {
    const { random } = this;
    const ID = random.pick(LEASES);
    const operations: [string, Message][] = [
      ['KV.Range', this.#range()],
      ['KV.Put', this.#put()],
      ['KV.Put', this.#put()],
      ['KV.DeleteRange', this.#delete()],
      ['KV.Txn', this.#txn(2)],
      ['KV.Txn', this.#txn(2)],
      ['Lease.LeaseGrant', { ID, TTL: 1_000 }],
      ['Lease.LeaseRevoke', { ID }],
      ['Lease.LeaseTimeToLive', { ID, keys: random.chance(70) }],
      ['Lease.LeaseLeases', {}],
      ['KV.Compact', { revision: 1 }],
      ['Maintenance.Alarm', {}],
      ['Maintenance.MoveLeader', { targetID: 1 }],
      ['Cluster.MemberRemove', { ID: 1 }],
    ];
    const [name, request] = random.pick(operations);
    return { name, request };
  }

  #txn(depth: number): Message {
    const operation = (): Message => {
      const kind = this.random.below(depth > 0 ? 4 : 3);
      if (kind === 0) return { requestRange: this.#range() };
      if (kind === 1) return { requestPut: this.#put() };
      if (kind === 2) return { requestDeleteRange: this.#delete() };
      return { requestTxn: this.#txn(depth - 1) };
    };
    const some = <T>(make: () => T): T[] => Array.from({ length: this.random.below(3) }, make);
    const compare = some(() => ({ ...this.#keys(), target: 'VERSION', version: 0 }));
    return { compare, success: some(operation), failure: some(operation) };
  }

  #range(): Message {
    return { ...this.#keys(), serializable: this.random.chance(20) };
  }

  #put(): Message {
    const lease = this.random.chance(30) ? this.random.pick(LEASES) : 0;
    return { key: this.#key(), lease, prevKv: this.random.chance(30) };
  }

  #delete(): Message {
    return { ...this.#keys(), prevKv: this.random.chance(30) };
  }

  /** A range that does not end before it begins. In etcd, permissions on the other kind depend on the shape of a tree. */
  #keys(): Message {
    const [key, rangeEnd] = [this.#key(), this.#end()];
    const ends = rangeEnd.length > 0 && rangeEnd[0] !== 0 && Buffer.compare(key, rangeEnd) >= 0;
    return { key, rangeEnd: ends ? Buffer.alloc(1) : rangeEnd };
  }

  #key(): Buffer {
    return Buffer.from(this.random.pick(KEYS), 'latin1');
  }

  #end(): Buffer {
    return Buffer.from(this.random.pick(ENDS), 'latin1');
  }
}
