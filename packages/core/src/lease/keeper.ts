import { backoffMs } from '../backoff.ts';
import type { CallOptions } from '../call.ts';
import type { Timer } from '../clock.ts';
import { plainMessage } from '../codec/plain-message.ts';
import { diagnostics } from '../diagnostics.ts';
import { clientClosed, isEtcdError, reasonText, type EtcdError } from '../errors.ts';
import { checkTimeout } from '../known-options.ts';
import type { LeaseKeepAliveResponse } from '../messages.ts';
import { methods } from '../methods.ts';
import { Outage } from '../outage.ts';
import type { LeaseStats } from '../stats.ts';
import { settleDoubt } from './absence.ts';
import { GrantedLives } from './granted-lives.ts';
import { RENEWAL_BACKOFF, type KeeperParts } from './keeper-parts.ts';
import { KeptLease, type LeaseObserver } from './kept-lease.ts';
import { leaseNotFound, streamEnded, streamStalled } from './lease-errors.ts';
import { RenewalStream, type Sent } from './renewal-stream.ts';
import type { KeepAlive } from './service.ts';

/** Renewals that are due within this time are sent together. */
const TOGETHER_MS = 100;
/** The longest time without an answer after which a stream counts as silent. */
const LONGEST_SILENCE_MS = 5_000;
/** How late a timer may be before unread answers are assumed. */
const LATE_MS = 100;

/**
 * Keeps all leases alive over one LeaseKeepAlive stream, by one timer. A renewal is sent a third of the TTL after the last
 * acknowledged one was sent. A stream that fails, or that owes answers and is silent, is replaced by a new one, which may reach
 * another member; every lease goes on until its own deadline. The stream is open, and the timer holds the process open, only while
 * a lease is held.
 */
export class LeaseKeeper implements LeaseObserver {
  readonly #parts: KeeperParts;
  readonly #leases: Map<bigint, KeptLease> = new Map();
  readonly #granted: GrantedLives;
  #held = 0;
  #lost = 0;
  #stream: RenewalStream<KeptLease> | undefined;
  /** The number of streams that failed since the last answer, and of those that were silent. */
  #failures = 0;
  #silences = 0;
  readonly #outage: Outage;
  /** The time before which no stream is opened. */
  #openAt = 0;
  #timer: Timer | undefined;
  #wakeAt = Infinity;
  #shortestTtlMs = Infinity;
  #warned = false;
  #closed = false;

  constructor(parts: KeeperParts) {
    this.#parts = parts;
    this.#granted = new GrantedLives(parts.clock);
    this.#outage = new Outage('Lease.LeaseKeepAlive', parts.clock);
  }

  /** Adds a hold on a lease, and keeps the lease alive. */
  keep(id: bigint, options: CallOptions, openedAt?: string): KeepAlive {
    const known = this.#leases.get(id);
    const lease = known === undefined || known.expire() ? this.#begin(id, options.timeoutMs) : known;
    if (!lease.held) this.#held++;
    const hold = lease.hold(options.signal, openedAt);
    if (this.#closed) lease.fail(clientClosed(methods.leaseKeepAlive.label));
    hold.follow();
    if (lease.held && lease.awaited === undefined) this.#renew(lease);
    this.#wakeBy(lease.deadline);
    return hold;
  }

  /** Keeps the life of a lease that was granted on a request sent at `sentAt`, so that its deadline is known at once. */
  granted(id: bigint, sentAt: number, ttl: number): void {
    this.#granted.add(id, sentAt, ttl);
  }

  /** Ends the lease here because it is being revoked, so that its signal is aborted from now on. */
  revoked(id: bigint): void {
    this.#leases.get(id)?.finish(leaseNotFound(id, 'was revoked by this client'));
  }

  stats(): LeaseStats {
    return { kept: this.#held, lost: this.#lost };
  }

  /** Ends every lease with `CLIENT_CLOSED`. */
  close(): void {
    this.#closed = true;
    for (const lease of this.#leases.values()) lease.fail(clientClosed(methods.leaseKeepAlive.label));
    this.#wakeAt = Infinity;
    this.#timer?.cancel();
  }

  onReleased(lease: KeptLease): void {
    this.#rest();
    // It needs no renewal any more, but its signal must still abort at the deadline.
    lease.awaited = undefined;
  }

  onEnded({ id }: KeptLease, held: boolean, failure: EtcdError | undefined): void {
    this.#leases.delete(id);
    if (!held) return;
    if (failure !== undefined && !this.#closed) this.#report(id, failure);
    this.#rest();
  }

  #report(id: bigint, { code, message }: EtcdError): void {
    this.#lost++;
    this.#parts.logger.warn(message, { lease: String(id), code });
    if (diagnostics.leaseLost.hasSubscribers) diagnostics.leaseLost.publish(plainMessage({ id, code }));
  }

  #begin(id: bigint, timeoutMs = this.#parts.requestTimeoutMs): KeptLease {
    checkTimeout(timeoutMs, 'timeoutMs');
    const life = this.#granted.take(id) ?? { deadline: this.#parts.clock.now() + timeoutMs };
    const lease = new KeptLease(id, life, this.#parts.clock, this);
    this.#leases.set(id, lease);
    return lease;
  }

  /** Called when a lease is not held any more. */
  #rest(): void {
    this.#held--;
    if (this.#held > 0) return;
    const stream = this.#stream;
    this.#stream = undefined;
    this.#outage.forget();
    stream?.cancel();
    this.#arm();
  }

  #renew(lease: KeptLease): void {
    if (this.#stream === undefined && this.#parts.clock.now() < this.#openAt) {
      lease.due = this.#openAt;
      this.#wakeBy(lease.due);
      return;
    }
    this.#stream ??= this.#open();
    lease.awaited = this.#stream.send(lease);
    this.#wakeBy(this.#silentAt(this.#stream, lease.awaited));
  }

  #open(): RenewalStream<KeptLease> {
    const options: CallOptions = { requireLeader: true, timeoutMs: Infinity };
    const opened = this.#parts.pipeline.stream(methods.leaseKeepAlive, undefined as never, options);
    const stream = new RenewalStream<KeptLease>(opened, this.#parts.clock);
    const end = (cause: unknown): void => {
      if (this.#stream === stream) this.#abandon(stream, cause);
    };
    stream.read((sent, response) => this.#answered(sent, response)).then(() => end(streamEnded()), end);
    return stream;
  }

  #answered(sent: Sent<KeptLease>, response: LeaseKeepAliveResponse): void {
    const { lease } = sent;
    this.#failures = 0;
    this.#silences = 0;
    this.#outage.end(this.#held);
    lease.awaited = undefined;
    if (lease.expire()) return;
    if (response.ttl <= 0) return void settleDoubt(this.#parts, lease, () => this.#wakeBy(lease.due));
    this.#shortestTtlMs = Math.min(this.#shortestTtlMs, response.ttl * 1_000);
    lease.acknowledge(sent.sentAt, response);
    if (lease.held) this.#wakeBy(Math.min(lease.due, lease.deadline));
  }

  /** Gives a stream up. Its owed renewals are sent again on the next one. */
  #abandon(stream: RenewalStream<KeptLease>, cause: unknown): void {
    const { clock, random, logger } = this.#parts;
    this.#stream = undefined;
    stream.cancel();
    // The first stream after a failure is opened at once.
    this.#openAt = clock.now() + backoffMs(this.#failures++, RENEWAL_BACKOFF, random);
    const reason = reasonText(cause);
    this.#outage.begin(reason);
    logger.debug(`the keepalive stream is replaced: ${reason}`, { reason });
    const owed = stream.owed();
    for (const { lease } of owed) {
      lease.awaited = undefined;
      lease.failure = cause;
      lease.due = this.#openAt;
    }
    // etcd answers one request after the other, so that the refused one is the oldest. It must not end the streams of other leases.
    const refused = isEtcdError(cause, 'PERMISSION_DENIED') ? owed[0]?.lease : undefined;
    if (refused !== undefined) refused.due = clock.now() + refused.repeatMs;
    this.#wakeBy(this.#openAt);
  }

  #tick(): void {
    this.#noticeLateness();
    let shortest = Infinity;
    for (const lease of this.#leases.values()) {
      if (lease.expire()) continue;
      this.#wakeBy(lease.deadline);
      if (!lease.held) continue;
      shortest = Math.min(shortest, lease.ttlMs ?? Infinity);
      this.#attend(lease);
    }
    this.#shortestTtlMs = shortest;
  }

  #attend(lease: KeptLease): void {
    const now = this.#parts.clock.now();
    const stream = this.#stream;
    if (stream !== undefined && lease.awaited !== undefined) {
      const overtaken = stream.answered > lease.awaited.place;
      const until = overtaken ? lease.awaited.sentAt + lease.repeatMs : this.#silentAt(stream, lease.awaited);
      if (now < until) return this.#wakeBy(until);
      if (overtaken) return this.#renew(lease);
      this.#silences++;
      this.#abandon(stream, streamStalled());
    }
    if (lease.due <= now + TOGETHER_MS) this.#renew(lease);
    else this.#wakeBy(lease.due);
  }

  /** When a stream that owes this answer counts as silent. The time doubles, so that a slow server can still answer. */
  #silentAt(stream: RenewalStream<KeptLease>, awaited: Sent<KeptLease>): number {
    const backoff = { firstMs: awaited.lease.patienceMs, longestMs: LONGEST_SILENCE_MS, jitter: 0 };
    const patienceMs = backoffMs(this.#silences + 1, backoff, this.#parts.random);
    return Math.max(stream.progressAt, awaited.sentAt) + patienceMs;
  }

  /** Measures how late the timer is. */
  #noticeLateness(): void {
    const now = this.#parts.clock.now();
    const lateMs = now - this.#wakeAt;
    this.#wakeAt = Infinity;
    // Answers that have come meanwhile are not read yet, because timers run before sockets.
    if (lateMs > LATE_MS && this.#stream !== undefined) this.#stream.progressAt = now;
    if (this.#warned || lateMs <= this.#shortestTtlMs / 6) return;
    this.#warned = true;
    const durationMs = Math.round(lateMs);
    this.#parts.logger.warn(`the event loop was blocked for ${durationMs} ms; leases may be lost so`, { durationMs });
  }

  #wakeBy(at: number): void {
    if (at >= this.#wakeAt || this.#closed) return;
    this.#wakeAt = at;
    this.#arm();
  }

  /** Sets the timer again, because its time or its hold on the process may have changed. */
  #arm(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    if (this.#wakeAt === Infinity) return;
    const { clock } = this.#parts;
    this.#timer = clock.after(this.#wakeAt - clock.now(), () => this.#tick(), this.#held > 0);
  }
}
