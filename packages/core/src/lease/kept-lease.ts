import { checkedSignal, type CheckedSignal } from '../checked-signal.ts';
import type { Clock } from '../clock.ts';
import type { EtcdError } from '../errors.ts';
import type { LeaseKeepAliveResponse } from '../messages.ts';
import { leaseLost } from './lease-errors.ts';
import { LeaseHold, type HeldLease } from './lease-hold.ts';

import type { Sent } from './renewal-stream.ts';

const SHORTEST_PATIENCE_MS = 1_000;
const LONGEST_PATIENCE_MS = 5_000;
const SHORTEST_REPEAT_MS = 500;

/** What a kept lease tells its keeper. */
export interface LeaseObserver {
  /** The last holder let go: renewing ends, the deadline stays. */
  onReleased(lease: KeptLease): void;
  /**
   * The lease is gone or may be; `held` says whether it was being renewed, `failure` why, unless its own client gave it up.
   * Called before anyone else is told.
   */
  onEnded(lease: KeptLease, held: boolean, failure: EtcdError | undefined): void;
}

/** What is known of a lease's life before its first renewal is acknowledged. */
export interface Life {
  /** When the lease may be gone, on the clock. */
  readonly deadline: number;
  /** Time to live in milliseconds; undefined where nobody has told. */
  readonly ttlMs?: number | undefined;
}

/**
 * One lease that is kept alive: how long it surely lives, when it is to be renewed, and who holds it.
 *
 * Its deadline is when the last acknowledged renewal was *sent*, plus the time to live that came back: etcd counts from
 * when the request arrived, which is later. Once the deadline has passed the lease is lost, whatever etcd says then.
 */
export class KeptLease implements HeldLease {
  readonly id: bigint;
  /** The last renewal that was acknowledged. */
  renewal: LeaseKeepAliveResponse | undefined;
  /** When the next renewal is to be sent; of no meaning while one is awaited. */
  due: number;
  /** The last renewal sent that has not been answered. */
  awaited: Sent<KeptLease> | undefined;
  /** Why the last renewal that went unanswered did; the cause of a loss. */
  failure: unknown;
  readonly #clock: Clock;
  readonly #observer: LeaseObserver;
  readonly #signal: CheckedSignal;
  readonly #holds: Set<LeaseHold> = new Set();
  #life: Life;
  #ended = false;

  constructor(id: bigint, life: Life, clock: Clock, observer: LeaseObserver) {
    this.id = id;
    this.due = clock.now();
    this.#life = life;
    this.#clock = clock;
    this.#observer = observer;
    this.#signal = checkedSignal({ check: () => void this.expire() });
  }

  get signal(): AbortSignal {
    return this.#signal.signal;
  }

  get deadline(): number {
    return this.#life.deadline;
  }

  get ttlMs(): number | undefined {
    return this.#life.ttlMs;
  }

  get held(): boolean {
    return this.#holds.size > 0;
  }

  /** How long a stream may owe the answer to this lease's renewal while it answers nothing at all. */
  get patienceMs(): number {
    return Math.min(Math.max((this.ttlMs ?? 0) / 6, SHORTEST_PATIENCE_MS), LONGEST_PATIENCE_MS);
  }

  /** How long to wait for an answer that others have overtaken, or after a refusal, before asking again. */
  get repeatMs(): number {
    return Math.max((this.ttlMs ?? 0) / 6, SHORTEST_REPEAT_MS);
  }

  /** Adds a holder. */
  hold(ending: AbortSignal | undefined, openedAt: string | undefined): LeaseHold {
    const hold = new LeaseHold(this, ending, openedAt);
    this.#holds.add(hold);
    return hold;
  }

  /** Ends the lease if its deadline has passed; whether it has ended, now or before. */
  expire(): boolean {
    if (!this.#ended && this.#clock.now() >= this.deadline) this.fail(this.#lost());
    return this.#ended;
  }

  /** Takes in that etcd has renewed the lease on a request sent then. */
  acknowledge(sentAt: number, response: LeaseKeepAliveResponse): void {
    const ttlMs = response.ttl * 1_000;
    this.#life = { deadline: sentAt + ttlMs, ttlMs };
    this.renewal = response;
    this.failure = undefined;
    this.due = sentAt + ttlMs / 3;
    if (this.expire()) return;
    for (const hold of this.#holds) hold.deliver(response);
  }

  /** The lease is gone, or may be: aborts the signal and ends every iteration with the error. */
  fail(error: EtcdError): void {
    this.#end(error, true, (hold) => hold.fail(error));
  }

  /** The lease is given up by its own client: aborts the signal with the error, the iterations just end. */
  finish(error: EtcdError): void {
    this.#end(error, false, (hold) => hold.finish(error));
  }

  #end(error: EtcdError, failed: boolean, tell: (hold: LeaseHold) => void): void {
    if (this.#ended) return;
    this.#ended = true;
    const holds = [...this.#holds];
    this.#holds.clear();
    this.#observer.onEnded(this, holds.length > 0, failed ? error : undefined);
    for (const hold of holds) tell(hold);
    this.#signal.abort(error);
  }

  /** A holder lets go. */
  release(hold: LeaseHold): void {
    if (this.#holds.delete(hold) && !this.held) this.#observer.onReleased(this);
  }

  #lost(): EtcdError {
    const reason =
      this.renewal !== undefined
        ? `was not renewed within its time to live of ${(this.ttlMs ?? 0) / 1_000} s`
        : 'was asked to be renewed and no answer came in time';
    return leaseLost(this.id, reason, this.failure);
  }
}
