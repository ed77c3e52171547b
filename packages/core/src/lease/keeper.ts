import { backoffMs } from '../backoff.ts';
import type { CallOptions } from '../call.ts';
import { plainMessage } from '../codec/plain-message.ts';
import { diagnostics } from '../diagnostics.ts';
import { clientClosed, isEtcdError, reasonText, type EtcdError } from '../errors.ts';
import { checkTimeout } from '../known-options.ts';
import type { LeaseKeepAliveResponse } from '../messages.ts';
import { methods } from '../methods.ts';
import { Outage } from '../outage.ts';
import type { LeaseStats } from '../stats.ts';
import { settleDoubt } from './absence.ts';
import { Agenda } from './agenda.ts';
import { Alarm } from './alarm.ts';
import { GrantedLives } from './granted-lives.ts';
import { RENEWAL_BACKOFF, type KeeperParts } from './keeper-parts.ts';
import { KeptLease, type LeaseObserver } from './kept-lease.ts';
import { isOvertaken, lateAt } from './late-answers.ts';
import { leaseNotFound, streamEnded, streamStalled } from './lease-errors.ts';
import { RenewalStream, type Sent } from './renewal-stream.ts';
import type { KeepAlive } from './service.ts';

/** Renewals that are due within this time are sent together. */
const TOGETHER_MS = 100;
/** How late a timer may be before unread answers are assumed. */
const LATE_MS = 100;

/**
 * Keeps all leases alive over one LeaseKeepAlive stream, by one timer over an agenda. A renewal is sent a third of the TTL after the last
 * acknowledged one was sent. A stream that fails, or that owes answers and is silent, is replaced by a new one, which may reach
 * another member; every lease goes on until its own deadline. The stream is open, and the timer holds the process open, only while
 * a lease is held.
 */
export class LeaseKeeper implements LeaseObserver {
  readonly #parts: KeeperParts;
  readonly #leases: Map<bigint, KeptLease> = new Map();
  /** When each lease needs the keeper next: for its deadline, for its next renewal, or for an answer that is late. */
  readonly #agenda: Agenda<KeptLease> = new Agenda();
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
  readonly #alarm: Alarm;
  /** Whether the leases are being looked at. The alarm is set once, afterwards. */
  #looking = false;
  #warned = false;
  #closed = false;

  constructor(parts: KeeperParts) {
    this.#parts = parts;
    this.#granted = new GrantedLives(parts.clock);
    this.#outage = new Outage('Lease.LeaseKeepAlive', parts.clock);
    this.#alarm = new Alarm(parts.clock, (now, lateMs) => this.#look(now, lateMs));
  }

  /** Adds a hold on a lease, and keeps the lease alive. */
  keep(id: bigint, options: CallOptions, openedAt?: string): KeepAlive {
    const known = this.#leases.get(id);
    const lease = known === undefined || known.expire() ? this.#begin(id, options.timeoutMs) : known;
    if (!lease.held) this.#held++;
    const hold = lease.hold(openedAt);
    if (this.#closed) lease.fail(clientClosed(methods.leaseKeepAlive.label));
    if (options.signal !== undefined) hold.follow(options.signal);
    if (lease.held && lease.awaited === undefined) this.#renew(lease, this.#parts.clock.now());
    else this.#file(lease);
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
    this.#alarm.set(Infinity, false);
  }

  onReleased(lease: KeptLease): void {
    this.#rest();
    // It needs no renewal any more, but its signal must still abort at the deadline.
    lease.awaited = undefined;
    this.#file(lease);
  }

  onEnded(lease: KeptLease, held: boolean, failure: EtcdError | undefined): void {
    const { id } = lease;
    this.#leases.delete(id);
    this.#agenda.delete(lease);
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
    this.#alarm.set(this.#alarm.at, false);
  }

  #renew(lease: KeptLease, now: number): void {
    if (this.#stream === undefined && now < this.#openAt) lease.due = this.#openAt;
    else lease.awaited = (this.#stream ??= this.#open()).send(lease, now);
    this.#file(lease);
  }

  #open(): RenewalStream<KeptLease> {
    const options: CallOptions = { requireLeader: true, timeoutMs: Infinity };
    const opened = this.#parts.pipeline.stream(methods.leaseKeepAlive, undefined as never, options);
    const stream = new RenewalStream<KeptLease>(opened, this.#parts.clock);
    const end = (cause: unknown): void => {
      if (this.#stream === stream) this.#abandon(stream, cause);
    };
    stream.read((sent, response, now) => this.#answered(sent, response, now)).then(() => end(streamEnded()), end);
    return stream;
  }

  #answered(sent: Sent<KeptLease>, response: LeaseKeepAliveResponse, now: number): void {
    const { lease } = sent;
    this.#failures = 0;
    this.#silences = 0;
    this.#outage.end(this.#held);
    lease.awaited = undefined;
    if (lease.expire(now)) return;
    if (response.ttl > 0) lease.acknowledge(sent.sentAt, response, now);
    else void settleDoubt(this.#parts, lease, () => this.#file(lease));
    this.#file(lease);
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
      this.#file(lease);
    }
    // etcd answers one request after the other, so that the refused one is the oldest. It must not end the streams of other leases.
    const refused = isEtcdError(cause, 'PERMISSION_DENIED') ? owed[0]?.lease : undefined;
    if (refused === undefined) return;
    refused.due = clock.now() + refused.repeatMs;
    this.#file(refused);
  }

  /** Looks at the leases whose time has come, and at those whose renewals can be sent together with theirs. */
  #look(now: number, lateMs: number): void {
    if (lateMs > LATE_MS) this.#noticeLateness(now, lateMs);
    this.#looking = true;
    try {
      for (const lease of this.#agenda.until(now + TOGETHER_MS)) {
        if (lease.expire(now)) continue;
        if (lease.held) this.#attend(lease, now);
        else this.#file(lease);
      }
    } finally {
      this.#looking = false;
      this.#alarm.set(this.#agenda.earliest, this.#held > 0);
    }
  }

  #attend(lease: KeptLease, now: number): void {
    const stream = this.#stream;
    const { awaited } = lease;
    if (stream !== undefined && awaited !== undefined) {
      if (now < lateAt(stream, awaited, this.#silences)) return this.#file(lease);
      if (isOvertaken(stream, awaited)) return this.#renew(lease, now);
      this.#silences++;
      this.#abandon(stream, streamStalled());
    }
    if (lease.due <= now + TOGETHER_MS) this.#renew(lease, now);
    else this.#file(lease);
  }

  /** Notes when a lease must be looked at next. */
  #file(lease: KeptLease): void {
    if (this.#closed || lease.ended) return;
    let at = lease.deadline;
    if (lease.held) {
      const { awaited, due } = lease;
      const stream = this.#stream;
      const owes = stream !== undefined && awaited !== undefined;
      at = Math.min(at, owes ? lateAt(stream, awaited, this.#silences) : due);
    }
    this.#agenda.set(lease, at);
    if (at < this.#alarm.at && !this.#looking) this.#alarm.set(at, this.#held > 0);
  }

  #noticeLateness(now: number, lateMs: number): void {
    // Answers that have come meanwhile are not read yet, because timers run before sockets.
    if (this.#stream !== undefined) this.#stream.progressAt = now;
    if (this.#warned || lateMs <= this.#shortestTtlMs() / 6) return;
    this.#warned = true;
    const durationMs = Math.round(lateMs);
    this.#parts.logger.warn(`the event loop was blocked for ${durationMs} ms; leases may be lost so`, { durationMs });
  }

  #shortestTtlMs(): number {
    let shortest = Infinity;
    for (const { held, ttlMs = Infinity } of this.#leases.values()) if (held) shortest = Math.min(shortest, ttlMs);
    return shortest;
  }
}
