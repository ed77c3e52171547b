import { backoffMs, type Backoff } from '../backoff.ts';
import { CallContext, failedAttempts, type CallOptions } from '../call.ts';
import type { Clock, Timer } from '../clock.ts';
import { isEtcdError } from '../errors.ts';
import { remedyOf } from '../failures.ts';
import type { Logger } from '../logger.ts';
import { methods } from '../methods.ts';
import type { Pipeline } from '../pipeline/pipeline.ts';

/** How long a stray lease is revoked again and again. A member that is paused for longer may still grant it later. */
const REMEMBERED_MS = 600_000;
/** The largest number of stray leases. If there are more, the oldest is dropped. */
const MOST = 1_000;
const BACKOFF: Backoff = { firstMs: 1_000, longestMs: 60_000, jitter: 0.5 };
/** How long one revoke may take. */
const TIMEOUT_MS = 5_000;

/** The parts of the revocation of stray leases. */
export interface StrayParts {
  readonly pipeline: Pipeline;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
}

interface Stray {
  readonly options: CallOptions;
  /** When the lease is given up. */
  readonly until: number;
  /** When the lease is revoked next. */
  at: number;
  tries: number;
}

/**
 * Leases that etcd may have granted to this client, or may still grant, and that are not used: no caller has their ids.
 *
 * Each is revoked in the background, one after the other, until etcd has revoked it. `LEASE_NOT_FOUND` is not the end: the
 * grant may still wait in a member that is paused, and is applied when the member goes on. A revoke that succeeded is
 * the end, because an id whose grant may have been applied is never sent again.
 */
export class StrayLeases {
  readonly #parts: StrayParts;
  readonly #strays: Map<bigint, Stray> = new Map();
  #timer: Timer | undefined;
  #revoking = false;
  #closed = false;

  constructor(parts: StrayParts) {
    this.#parts = parts;
  }

  /** Adds ids whose grants had these options; the revokes have those of them that are not for one call on its way. */
  add(ids: readonly bigint[], options: CallOptions): void {
    if (this.#closed || ids.length === 0) return;
    const now = this.#parts.clock.now();
    const own = { signal: undefined, endpoint: undefined, avoid: undefined, timeoutMs: TIMEOUT_MS };
    for (const id of ids) {
      this.#strays.set(id, { options: { ...options, ...own }, until: now + REMEMBERED_MS, at: now, tries: 0 });
    }
    for (const oldest of this.#strays.keys()) {
      if (this.#strays.size <= MOST) break;
      this.#strays.delete(oldest);
    }
    this.#arm();
  }

  /** Drops every lease. Those that are left live for their TTL. */
  close(): void {
    this.#closed = true;
    this.#strays.clear();
    this.#timer?.cancel();
  }

  /** Sets the timer. It does not hold the process. */
  #arm(): void {
    this.#timer?.cancel();
    if (this.#revoking || this.#strays.size === 0) return;
    const { clock } = this.#parts;
    const next = Math.min(...[...this.#strays.values()].map(({ at }) => at));
    this.#timer = clock.after(next - clock.now(), () => void this.#revokeDue());
  }

  async #revokeDue(): Promise<void> {
    this.#revoking = true;
    for (const [id, stray] of this.#strays) {
      if (stray.at <= this.#parts.clock.now()) await this.#revoke(id, stray);
    }
    this.#revoking = false;
    this.#arm();
  }

  async #revoke(id: bigint, stray: Stray): Promise<void> {
    const { pipeline, clock, random, logger } = this.#parts;
    const context = new CallContext();
    try {
      await pipeline.unary(methods.leaseRevoke, { id }, stray.options, context);
      // If an interceptor repeated it, its success may only mean that the lease was not found.
      if (context.get(failedAttempts).length === 0) {
        this.#strays.delete(id);
        logger.debug('lease: a lease was revoked that etcd granted after its grant had failed');
        return;
      }
    } catch (error) {
      const refused = isEtcdError(error) && error.code !== 'LEASE_NOT_FOUND' && remedyOf(error) === 'none';
      if (refused) this.#strays.delete(id);
    }
    stray.at = clock.now() + backoffMs(++stray.tries, BACKOFF, random);
    if (stray.at > stray.until) this.#strays.delete(id);
  }
}
