// Which leases are this namespace's. etcd's leases have no owner, so the ids that came through here are all there is.
import { EtcdError } from '@etcdts/core';
import { refused } from './violation.ts';

interface Entry {
  /** Gone for certain, so that its id may by now be somebody else's: it is answered for here and not asked about. */
  gone: boolean;
  readonly ttlMs: number;
  /** Of the newest keepalive: while it has not aborted, the entry is not forgotten. */
  signal?: AbortSignal;
  forgetAt: number;
}

// Long past its expiry a lease still gives LEASE_NOT_FOUND instead of a violation, for whoever cleans up late; etcd may
// also give a lease its whole time again after a change of leader.
const REMEMBER_MS = 10 * 60_000;
const FIRST_SWEEP = 1024;

/**
 * The leases that were granted through a namespace, or that it was told to adopt.
 *
 * What is gone or long expired is forgotten, in sweeps as the registry grows, so that its size follows the number of
 * leases that are alive. With `any` it owns every lease and remembers none.
 */
export class LeaseRegistry {
  readonly #entries: Map<bigint, Entry> = new Map();
  /** Milliseconds on a clock that only goes forward. */
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

  /** Records a lease that etcd has just granted to us, and that is nobody else's therefore. */
  granted(id: bigint, ttl: number): void {
    if (this.#any) return;
    if (this.#entries.size >= this.#sweepAt) this.#sweep();
    const entry: Entry = { gone: false, ttlMs: ttl * 1000, forgetAt: 0 };
    this.#entries.set(id, entry);
    this.#touch(entry);
  }

  /** Records a sign of life, or a sign that something was tried. */
  renewed(id: bigint): void {
    const entry = this.#entries.get(id);
    if (entry !== undefined && !entry.gone) this.#touch(entry);
  }

  /** Records that etcd has no such lease any more. */
  lost(id: bigint): void {
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    entry.gone = true;
    delete entry.signal;
    entry.forgetAt = this.#now() + REMEMBER_MS;
  }

  /**
   * Holds the entry until `signal`, of a keepalive, aborts. That the lease is gone then is not for certain: a client whose
   * revocation fails, or whose clock says that it may be, aborts it too.
   */
  keptAlive(id: bigint, signal: AbortSignal): void {
    const entry = this.#entries.get(id);
    if (entry !== undefined && !entry.gone) entry.signal = signal;
  }

  owns(id: bigint): boolean {
    return this.#any || this.#entries.get(id)?.gone === false;
  }

  /** Whether it was this namespace's and is gone. */
  isGone(id: bigint): boolean {
    return this.#entries.get(id)?.gone === true;
  }

  /** Throws `LEASE_NOT_FOUND` for a lease of ours that is gone, `NAMESPACE_VIOLATION` for one that never was ours. */
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
      if (entry.signal?.aborted) {
        delete entry.signal;
        this.#touch(entry);
      } else if (entry.signal === undefined && entry.forgetAt <= now) {
        this.#entries.delete(id);
      }
    }
    this.#sweepAt = Math.max(FIRST_SWEEP, 2 * this.#entries.size);
  }
}

/** etcd's own verdict on a lease that is gone, given here. */
function leaseNotFound(): EtcdError {
  return new EtcdError({
    code: 'LEASE_NOT_FOUND',
    message: 'the lease is gone',
    outcome: 'not-applied',
  });
}
