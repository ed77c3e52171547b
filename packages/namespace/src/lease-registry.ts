// The leases of a namespace. etcd's leases have no owner, so that only the ids that came through here show which they are.
import { EtcdError } from '@etcdts/core';
import { refused } from './violation.ts';

interface Entry {
  /** Whether the lease is certainly gone. Another owner may have its id by now, so that no request with it is sent. */
  gone: boolean;
  readonly ttlMs: number;
  /** The newest keepalive. Until its signal aborts, the entry stays. */
  keepAlive?: { readonly signal: AbortSignal };
  forgetAt: number;
}

// For a late clean-up, an expired lease still gives LEASE_NOT_FOUND instead of a violation. etcd may also give a lease its whole
// time again after a change of leader.
const REMEMBER_MS = 10 * 60_000;
const FIRST_SWEEP = 1024;

/**
 * The leases that were granted through a namespace, or that its options adopt.
 *
 * Leases that are gone or long expired are removed, in sweeps as the registry grows, so that its size follows the number of
 * leases that are alive. With `any` it owns every lease and keeps none.
 */
export class LeaseRegistry {
  readonly #entries: Map<bigint, Entry> = new Map();
  /** The time in milliseconds, on a clock that only goes forward. */
  readonly #now: () => number;
  readonly #any: boolean;
  #sweepAt = FIRST_SWEEP;

  constructor(now: () => number, any: boolean, adopted: readonly bigint[]) {
    this.#now = now;
    this.#any = any;
    for (const id of adopted) this.#entries.set(id, { gone: false, ttlMs: Infinity, forgetAt: Infinity });
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Records a lease that etcd has just granted to this namespace, which is therefore its owner. */
  granted(id: bigint, ttl: number): void {
    if (this.#any) return;
    if (this.#entries.size >= this.#sweepAt) this.#sweep();
    const entry: Entry = { gone: false, ttlMs: ttl * 1000, forgetAt: 0 };
    this.#entries.set(id, entry);
    this.#touch(entry);
  }

  /** Records a renewal, or an attempt of one. */
  renewed(id: bigint): void {
    const entry = this.#entries.get(id);
    if (entry !== undefined && !entry.gone) this.#touch(entry);
  }

  /** Records that the lease is gone from etcd. */
  lost(id: bigint): void {
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    entry.gone = true;
    delete entry.keepAlive;
    entry.forgetAt = this.#now() + REMEMBER_MS;
  }

  /**
   * Holds the entry until the signal of a keepalive aborts. The abort does not prove that the lease is gone: the signal also aborts
   * if a revocation fails or the deadline passes.
   */
  keptAlive(id: bigint, keepAlive: { readonly signal: AbortSignal }): void {
    const entry = this.#entries.get(id);
    if (entry !== undefined && !entry.gone) entry.keepAlive = keepAlive;
  }

  owns(id: bigint): boolean {
    return this.#any || this.#entries.get(id)?.gone === false;
  }

  /** Whether the lease was this namespace's and is gone. */
  isGone(id: bigint): boolean {
    return this.#entries.get(id)?.gone === true;
  }

  /** Throws `LEASE_NOT_FOUND` for an own lease that is gone, and `NAMESPACE_VIOLATION` for one that was never this namespace's. */
  require(id: bigint): void {
    if (this.owns(id)) return;
    if (this.isGone(id)) throw leaseNotFound();
    throw refused('the lease was not granted through this namespace; see leases and adoptLeases');
  }

  #touch(entry: Entry): void {
    entry.forgetAt = this.#now() + 2 * entry.ttlMs + REMEMBER_MS;
  }

  #sweep(): void {
    const now = this.#now();
    for (const [id, entry] of this.#entries) {
      if (entry.forgetAt > now) continue;
      if (entry.keepAlive === undefined) {
        this.#entries.delete(id);
        continue;
      }
      // The signal is made when it is first read, and costs more than all the rest of a lease. So it is read late.
      if (entry.keepAlive.signal.aborted) delete entry.keepAlive;
      this.#touch(entry);
    }
    this.#sweepAt = Math.max(FIRST_SWEEP, 2 * this.#entries.size);
  }
}

/** Makes etcd's verdict on a lease that is gone, without a request. */
function leaseNotFound(): EtcdError {
  return new EtcdError({
    code: 'LEASE_NOT_FOUND',
    message: 'the lease is gone',
    outcome: 'not-applied',
  });
}
