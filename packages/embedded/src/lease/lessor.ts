import { randomBytes } from 'node:crypto';
import type { Alarms } from '../alarms.ts';
import type { Clock, Timer } from '../clock.ts';
import { verdict } from '../status.ts';
import { toBytes, type Key } from '../store/range.ts';
import type { Space } from '../store/space.ts';
import type { Store } from '../store/store.ts';
import type { Attachments } from './attachments.ts';

const MAX_TTL = 9_000_000_000n;
/** How long etcd waits until it revokes an expired lease again. */
const RETRY_MS = 3_000;
/** About how many bytes etcd's database needs for a lease. */
const LEASE_BYTES = 64;

/** A lease that has not ended. */
export interface Lease {
  readonly id: bigint;
  /** The granted TTL in seconds. */
  readonly ttl: bigint;
  /** The time at which it ends if it is not renewed. */
  expiry: number;
}

/** The parts of a lessor. */
export interface LessorParts {
  readonly store: Store;
  readonly attachments: Attachments;
  readonly space: Space;
  readonly alarms: Alarms;
  readonly clock: Clock;
  /** In seconds. A shorter grant is raised to it. */
  readonly minTtl: number;
}

/** Grants leases, renews them, and deletes their keys when they end (server/lease/lessor.go). */
export class Lessor {
  readonly #leases = new Map<bigint, Lease>();
  readonly #store: Store;
  readonly #attachments: Attachments;
  readonly #space: Space;
  readonly #alarms: Alarms;
  readonly #clock: Clock;
  readonly #minTtl: bigint;
  #timer: Timer | undefined;
  #wake = Infinity;

  constructor({ store, attachments, space, alarms, clock, minTtl }: LessorParts) {
    this.#store = store;
    this.#attachments = attachments;
    this.#space = space;
    this.#alarms = alarms;
    this.#clock = clock;
    this.#minTtl = BigInt(minTtl);
  }

  /** Grants a lease. If the id is 0n, the lessor chooses one. */
  grant(id: bigint, ttl: bigint): Lease {
    if (ttl > MAX_TTL) throw verdict('LEASE_TTL_TOO_LARGE');
    if (this.#leases.has(id)) throw verdict('LEASE_EXIST');
    const granted = ttl < this.#minTtl ? this.#minTtl : ttl;
    const lease = { id: id === 0n ? this.#freeId() : id, ttl: granted, expiry: 0 };
    this.#leases.set(lease.id, lease);
    this.#space.take(LEASE_BYTES);
    this.#refresh(lease);
    return lease;
  }

  /** Ends a lease and deletes its keys at one revision. */
  revoke(id: bigint): void {
    if (!this.#leases.has(id)) throw verdict('LEASE_NOT_FOUND');
    this.#store.write(() => {
      for (const key of this.#attachments.keysOf(id)) this.#store.deleteRange({ key, end: undefined });
      this.#leases.delete(id);
      this.#space.free(LEASE_BYTES);
    });
  }

  /** Starts the life of a lease anew; `undefined` if it is gone. */
  renew(id: bigint): Lease | undefined {
    const lease = this.#leases.get(id);
    if (lease !== undefined) this.#refresh(lease);
    return lease;
  }

  get(id: bigint): Lease | undefined {
    return this.#leases.get(id);
  }

  has(id: bigint): boolean {
    return this.#leases.has(id);
  }

  /** Returns the whole seconds until the lease ends. */
  remaining({ expiry }: Lease): number {
    return Math.trunc((expiry - this.#clock.now()) / 1_000);
  }

  /** Returns the keys that end with the lease. */
  keysOf(id: bigint): Key[] {
    return this.#attachments.keysOf(id);
  }

  /** Returns the keys that end with the lease, as bytes. */
  keyBytesOf(id: bigint): Buffer[] {
    return this.keysOf(id).map(toBytes);
  }

  /** Returns all leases, in the order in which they end. */
  all(): Lease[] {
    return [...this.#leases.values()].sort((a, b) => a.expiry - b.expiry);
  }

  #freeId(): bigint {
    for (;;) {
      const id = randomBytes(8).readBigInt64BE() & (2n ** 63n - 1n);
      if (id !== 0n && !this.#leases.has(id)) return id;
    }
  }

  #refresh(lease: Lease): void {
    lease.expiry = this.#clock.now() + Number(lease.ttl) * 1_000;
    this.#wakeAt(lease.expiry);
  }

  /** Sets the timer for the next end. A timer that is too early does nothing and is set again, so that a renewal is cheap. */
  #wakeAt(time: number): void {
    if (time >= this.#wake) return;
    this.#timer?.cancel();
    this.#wake = time;
    this.#timer = this.#clock.after(time - this.#clock.now(), () => this.#expire());
  }

  #expire(): void {
    this.#wake = Infinity;
    if (this.#alarms.has('CORRUPT')) {
      this.#wakeAt(this.#clock.now() + RETRY_MS);
      return;
    }
    const now = this.#clock.now();
    for (const { id, expiry } of this.all()) if (expiry <= now) this.revoke(id);
    const [next] = this.all();
    if (next !== undefined) this.#wakeAt(next.expiry);
  }
}
