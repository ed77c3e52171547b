import { checkedSignal, type CheckedSignal } from '../checked-signal.ts';
import type { Clock } from '../clock.ts';
import type { EtcdError } from '../errors.ts';
import type { LeaseKeepAliveResponse } from '../messages.ts';
import type { Dated } from './agenda.ts';
import { leaseLost } from './lease-errors.ts';
import { LeaseHold, type HeldLease } from './lease-hold.ts';
import type { Sent } from './renewal-stream.ts';

const SHORTEST_PATIENCE_MS = 1_000;
const LONGEST_PATIENCE_MS = 5_000;
const SHORTEST_REPEAT_MS = 500;

/** The functions that a kept lease calls on its keeper. */
export interface LeaseObserver {
  /** Called when the last hold is released. Renewals end, the deadline stays. */
  onReleased(lease: KeptLease): void;
  /**
   * Called when the lease is gone or may be, before its signal aborts. `held` is whether it was being renewed. `failure` is the
   * reason, or `undefined` if its own client gave it up.
   */
  onEnded(lease: KeptLease, held: boolean, failure: EtcdError | undefined): void;
}

/** The life of a lease before its first renewal is acknowledged. */
export interface Life {
  /** The time at which the lease may be gone. */
  readonly deadline: number;
  /** The TTL in milliseconds; `undefined` if it is not known. */
  readonly ttlMs?: number | undefined;
}

/**
 * One lease that is kept alive: its deadline, its next renewal, and its holds.
 *
 * Its deadline is the time at which the last acknowledged renewal was *sent*, plus the TTL of the answer. etcd counts from the
 * arrival of the request, which is later. Once the deadline has passed the lease is lost, whatever etcd answers then.
 */
export class KeptLease implements HeldLease, Dated {
  readonly id: bigint;
  place = -1;
  /** The time at which the lease may be gone. */
  deadline: number;
  /** The TTL in milliseconds; `undefined` before etcd has given one. */
  ttlMs: number | undefined;
  /** The last renewal that was acknowledged. */
  renewal: LeaseKeepAliveResponse | undefined;
  /** When the next renewal is due. It has no meaning while one is awaited. */
  due: number;
  /** The renewal that is owed. */
  awaited: Sent<KeptLease> | undefined;
  /** Why the last renewal without an answer has none. It is the cause of a loss. */
  failure: unknown;
  readonly #clock: Clock;
  readonly #observer: LeaseObserver;
  /** Made when it is first read: it takes several times the memory of all the rest. */
  #signal: CheckedSignal | undefined;
  /** The holds: one, as a rule, without a set around it. */
  #holds: LeaseHold | Set<LeaseHold> | undefined;
  /** The reason of the end; `undefined` before it. */
  #end: EtcdError | undefined;

  constructor(id: bigint, life: Life, clock: Clock, observer: LeaseObserver) {
    this.id = id;
    this.due = clock.now();
    this.deadline = life.deadline;
    this.ttlMs = life.ttlMs;
    this.#clock = clock;
    this.#observer = observer;
  }

  get signal(): AbortSignal {
    if (this.#signal === undefined) {
      this.#signal = checkedSignal({ check: () => void this.expire() });
      if (this.#end !== undefined) this.#signal.abort(this.#end);
    }
    return this.#signal.signal;
  }

  get ended(): boolean {
    return this.#end !== undefined;
  }

  get held(): boolean {
    return this.#holds !== undefined;
  }

  /** How long a stream without any answers may owe the renewal of this lease, in milliseconds. */
  get patienceMs(): number {
    return Math.min(Math.max((this.ttlMs ?? 0) / 6, SHORTEST_PATIENCE_MS), LONGEST_PATIENCE_MS);
  }

  /** How long to wait before a repeat, for an answer that others have overtaken or after a refusal, in milliseconds. */
  get repeatMs(): number {
    return Math.max((this.ttlMs ?? 0) / 6, SHORTEST_REPEAT_MS);
  }

  /** Adds a hold. */
  hold(openedAt: string | undefined): LeaseHold {
    const hold = new LeaseHold(this, openedAt);
    const holds = this.#holds;
    if (holds === undefined) this.#holds = hold;
    else if (holds instanceof Set) holds.add(hold);
    else this.#holds = new Set([holds, hold]);
    return hold;
  }

  /** Ends the lease if its deadline has passed. Returns whether it has ended, now or earlier. */
  expire(now: number = this.#clock.now()): boolean {
    if (this.#end === undefined && now >= this.deadline) this.fail(this.#lost());
    return this.#end !== undefined;
  }

  /** Records a renewal on a request that was sent at `sentAt`. */
  acknowledge(sentAt: number, response: LeaseKeepAliveResponse, now: number): void {
    const ttlMs = response.ttl * 1_000;
    this.deadline = sentAt + ttlMs;
    this.ttlMs = ttlMs;
    this.renewal = response;
    this.failure = undefined;
    this.due = sentAt + ttlMs / 3;
    if (this.expire(now)) return;
    const holds = this.#holds;
    if (!(holds instanceof Set)) holds?.deliver(response);
    else for (const hold of holds) hold.deliver(response);
  }

  /** Ends a lease that is gone or may be: aborts the signal and ends every iteration with the error. */
  fail(error: EtcdError): void {
    this.#finish(error, true, (hold) => hold.fail(error));
  }

  /** Ends a lease that its own client gives up: aborts the signal with the error, and ends the iterations without one. */
  finish(error: EtcdError): void {
    this.#finish(error, false, (hold) => hold.finish(error));
  }

  #finish(error: EtcdError, failed: boolean, end: (hold: LeaseHold) => void): void {
    if (this.#end !== undefined) return;
    this.#end = error;
    const holds = this.#holds instanceof Set ? [...this.#holds] : this.#holds === undefined ? [] : [this.#holds];
    this.#holds = undefined;
    this.#observer.onEnded(this, holds.length > 0, failed ? error : undefined);
    for (const hold of holds) end(hold);
    this.#signal?.abort(error);
  }

  /** Releases a hold. */
  release(hold: LeaseHold): void {
    const holds = this.#holds;
    if (holds instanceof Set) {
      if (!holds.delete(hold) || holds.size > 0) return;
    } else if (holds !== hold) return;
    this.#holds = undefined;
    this.#observer.onReleased(this);
  }

  #lost(): EtcdError {
    const reason =
      this.renewal !== undefined
        ? `was not renewed within its time to live of ${(this.ttlMs ?? 0) / 1_000} s`
        : 'could not be renewed: no answer came in time';
    return leaseLost(this.id, reason, this.failure);
  }
}
