// Checks which permissions an operation needs (server/etcdserver/apply/auth.go), in etcd's order.
import type { Lessor } from '../lease/lessor.ts';
import type { DeleteRangeRequest, PutRequest, RequestOp, TxnRequest } from '../messages.ts';
import { toBytes } from '../store/range.ts';
import type { AuthStore } from './store.ts';

/** The user of a call; `undefined` if none has signed in. */
export type User = string | undefined;

/** Refuses operations for which a user has no permission. While authentication is off it refuses nothing. */
export class Guard {
  readonly #auth: AuthStore;
  readonly #leases: Lessor;

  constructor(auth: AuthStore, leases: Lessor) {
    this.#auth = auth;
    this.#leases = leases;
  }

  read(user: User, key: Buffer, rangeEnd?: Buffer): void {
    this.#auth.checkAccess(user, 'read', key, rangeEnd);
  }

  put(user: User, { key, lease, prevKv }: PutRequest): void {
    this.#auth.checkAccess(user, 'write', key);
    this.leaseKeys(user, lease, 'write');
    if (prevKv) this.read(user, key);
  }

  deleteRange(user: User, { key, rangeEnd, prevKv }: DeleteRangeRequest): void {
    this.#auth.checkAccess(user, 'write', key, rangeEnd);
    if (prevKv) this.read(user, key, rangeEnd);
  }

  txn(user: User, { compare, success, failure }: TxnRequest): void {
    if (!this.#auth.enabled) return;
    for (const { key, rangeEnd } of compare) this.read(user, key, rangeEnd);
    for (const operation of [...success, ...failure]) this.#operation(user, operation);
  }

  /** Checks that a user has the access to all keys of a lease, which permits the use of the lease. */
  leaseKeys(user: User, id: bigint, access: 'read' | 'write'): void {
    if (!this.#auth.enabled || this.#isAdmin(user)) return;
    for (const key of this.#leases.keysOf(id)) this.#auth.checkAccess(user, access, toBytes(key));
  }

  #operation(user: User, { requestRange, requestPut, requestDeleteRange, requestTxn }: RequestOp): void {
    if (requestRange) this.read(user, requestRange.key, requestRange.rangeEnd);
    else if (requestPut) this.put(user, requestPut);
    else if (requestDeleteRange) this.deleteRange(user, requestDeleteRange);
    else if (requestTxn) this.txn(user, requestTxn);
  }

  #isAdmin(user: User): boolean {
    try {
      this.#auth.checkAdmin(user);
      return true;
    } catch {
      return false;
    }
  }
}
