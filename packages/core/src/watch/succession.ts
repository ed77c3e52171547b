import { backoffMs, type Backoff } from '../backoff.ts';
import type { CallOptions } from '../call.ts';
import type { Clock, Timer } from '../clock.ts';
import { isEtcdError, type EtcdError } from '../errors.ts';
import { isLasting } from '../failures.ts';
import type { Logger } from '../logger.ts';
import { methods } from '../methods.ts';
import { Outage } from '../outage.ts';
import type { Pipeline } from '../pipeline/pipeline.ts';
import { cancelVerdict, endedBy, streamVerdict, type Verdict } from './resume.ts';
import { LiveStream, type StreamOwner } from './stream.ts';
import type { Subscription } from './subscription.ts';
import { protocolError } from './watch-errors.ts';

/** What the watch hub is made of. */
export interface WatchHubParts {
  readonly pipeline: Pipeline;
  readonly clock: Clock;
  /** From 0 up to 1, as Math.random: jitter. */
  readonly random: () => number;
  readonly logger: Logger;
}

/** After a stream that lived this long, or this long with something new on it, the next attempt is a first one. */
const GOOD_STREAM_MS = 5_000;
const GOOD_FRUITFUL_MS = 100;
const READ_TIMEOUT_MS = 5_000;
/** Between the end of a stream and the next one. */
const BACKOFF: Backoff = { firstMs: 10, longestMs: 1_000 };

/**
 * The streams of one group of subscriptions, one after the other.
 *
 * There is one current stream at most. When etcd refuses a token, which a stream cannot change, a new stream becomes the
 * current one; the watches of the outdated stream follow once etcd has registered a watch on the new one. A stream without
 * subscriptions is cancelled at once.
 */
export class Succession implements StreamOwner {
  /** How many lost or replaced streams have been resumed from. */
  resumes = 0;
  /** How many events the subscriptions were given. */
  events = 0;
  readonly #parts: WatchHubParts;
  readonly #options: CallOptions;
  readonly #members: ReadonlySet<Subscription>;
  /** Streams in a row that were of no use. */
  #failures = 0;
  #current: LiveStream | undefined;
  readonly #outdated: Set<LiveStream> = new Set();
  readonly #outage: Outage;
  #timer: Timer | undefined;
  /** Set while a token has to be renewed before the next stream: the subscription whose key is read for that. */
  #refused: Subscription | undefined;
  #renewing = false;
  #proven = false;
  #progressWanted = false;

  constructor(parts: WatchHubParts, options: CallOptions, members: ReadonlySet<Subscription>) {
    this.#parts = parts;
    this.#outage = new Outage('Watch.Watch', parts.clock);
    this.#options = options;
    this.#members = members;
  }

  get size(): number {
    return this.#outdated.size + (this.#current === undefined ? 0 : 1);
  }

  /** Puts a member on the current stream, or on the next one. */
  carry(subscription: Subscription): void {
    if (this.#current !== undefined) this.#current.attach(subscription);
    else if (this.#timer === undefined && !this.#renewing) this.#open();
  }

  /** A member has ended. */
  forget(subscription: Subscription): void {
    if (this.#refused === subscription) this.#refused = undefined;
    if (this.#members.size > 0) return;
    this.#outage.forget();
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  /** Asks on every stream; if there is none, on the next one. */
  requestProgress(): void {
    for (const stream of this.#outdated) stream.requestProgress();
    if (this.#current === undefined) this.#progressWanted = true;
    else this.#current.requestProgress();
  }

  /** Cancels every stream. */
  close(): void {
    for (const stream of [...this.#outdated]) this.#drop(stream);
    if (this.#current !== undefined) this.#drop(this.#current);
  }

  // ---- StreamOwner --------------------------------------------------------------------------------------------------

  advanced(events: number): void {
    this.events += events;
  }

  deserted(stream: LiveStream): void {
    this.#drop(stream);
  }

  async storeRevision(key: Uint8Array): Promise<bigint> {
    const options = { ...this.#options, timeoutMs: READ_TIMEOUT_MS };
    const { header } = await this.#parts.pipeline.unary(methods.range, { key, countOnly: true }, options);
    return header.revision;
  }

  established(stream: LiveStream): void {
    this.#proven = true;
    if (stream !== this.#current) return;
    this.#outage.end(stream.size);
    // The new token is good, so the streams of the old one are of no use any more.
    for (const outdated of this.#outdated) {
      const subscriptions = [...outdated.subscriptions()];
      this.#drop(outdated);
      this.resumes += 1;
      for (const subscription of subscriptions) {
        subscription.interrupt();
        stream.attach(subscription);
      }
    }
  }

  cancelled(stream: LiveStream, subscription: Subscription, error: EtcdError): void {
    subscription.interrupt();
    const verdict = cancelVerdict(error);
    if (!this.#survives(subscription, verdict, error)) {
      subscription.fail(error);
      if (stream.size === 0) this.#drop(stream);
      return;
    }
    this.#outdate(stream);
    if (this.#current !== undefined) this.#current.attach(subscription);
    else this.#schedule();
  }

  ended(stream: LiveStream, error: unknown): void {
    const lived = this.#parts.clock.now() - stream.openedAt;
    const brief = lived < GOOD_STREAM_MS;
    // Not before 100 ms. Otherwise a stream that always fails on its first message would be reopened in a tight loop.
    if (!brief || (stream.fruitful && lived >= GOOD_FRUITFUL_MS)) this.#failures = 0;
    if (this.#current === stream) this.#current = undefined;
    this.#outdated.delete(stream);
    const subscriptions = [...stream.subscriptions()];
    // All of them leave the stream before any of them acts, so that none finds a sibling half attached.
    for (const subscription of subscriptions) subscription.interrupt();
    const verdict = streamVerdict(error, this.#proven);
    for (const subscription of subscriptions) {
      if (verdict === 'closed') subscription.close();
      else if (!this.#survives(subscription, verdict, error, brief)) subscription.fail(error);
      else if (this.#current !== undefined) this.#current.attach(subscription);
    }
    const resuming = subscriptions.filter((subscription) => subscription.state !== 'ended').length;
    if (resuming === 0) return;
    this.resumes += 1;
    const reason = endedBy(error);
    this.#outage.begin(reason);
    this.#parts.logger.info(`watch stream ended (${reason}): ${resuming} watches resume`, { reason, resuming });
    this.#schedule();
  }

  violated(stream: LiveStream, why: string): void {
    this.#parts.logger.warn(`watch stream dropped: the server ${why}`, { reason: why });
    stream.cancel();
    this.ended(stream, protocolError(why));
  }

  // ---- from one stream to the next ----------------------------------------------------------------------------------

  #open(): void {
    if (this.#current !== undefined) return;
    const waiting = [...this.#members].filter((member) => member.state === 'waiting');
    if (waiting.length === 0) return;
    const { clock, pipeline } = this.#parts;
    const stream = new LiveStream(pipeline.stream(methods.watch, undefined, this.#options), this, clock);
    this.#current = stream;
    for (const subscription of waiting) stream.attach(subscription);
    if (this.#progressWanted) stream.requestProgress();
    this.#progressWanted = false;
    stream.start();
  }

  #drop(stream: LiveStream): void {
    if (this.#current === stream) this.#current = undefined;
    this.#outdated.delete(stream);
    stream.cancel();
  }

  /** Puts no more watches on a stream whose token etcd refuses; those that it has go on. */
  #outdate(stream: LiveStream): void {
    if (this.#current !== stream) return;
    this.#current = undefined;
    for (const subscription of stream.takeQueue()) subscription.interrupt();
    if (stream.size === 0) stream.cancel();
    else this.#outdated.add(stream);
  }

  #schedule(): void {
    if (this.#current !== undefined || this.#timer !== undefined || this.#renewing) return;
    // Holds the process open: watches that resume count as work.
    const pauseMs = backoffMs(++this.#failures, BACKOFF, this.#parts.random);
    this.#timer = this.#parts.clock.after(pauseMs, () => this.#reopen(), true);
  }

  #reopen(): void {
    this.#timer = undefined;
    const refused = this.#refused;
    if (refused === undefined) return this.#open();
    this.#renewing = true;
    const go = (): void => {
      this.#renewing = false;
      this.#refused = undefined;
      this.#open();
    };
    this.#renewToken(refused.request.key).then(go, go);
  }

  /** Whether a watch goes on after its stream, which was `brief`, or the watch itself has ended so. */
  #survives(subscription: Subscription, verdict: Verdict, error: unknown, brief = true): boolean {
    switch (verdict) {
      case 'authenticate':
        this.#refused = subscription;
        return subscription.setbacks.refused();
      case 'fragment':
        subscription.fragmented = true;
        return !brief || subscription.setbacks.exhausted();
      case 'resume': {
        if (!isEtcdError(error) || !isLasting(error)) return true;
        const pinned = this.#options.endpoint !== undefined;
        // If another member has served it before, that one may be back soon.
        return (!pinned && subscription.registered) || subscription.setbacks.unfit(pinned);
      }
      default:
        return false;
    }
  }

  /**
   * Makes a unary call, in which every interceptor sees a refused token. etcd refuses the token of a watch in a message on
   * a healthy stream, which no interceptor has to read.
   */
  async #renewToken(key: Uint8Array): Promise<void> {
    const options = { ...this.#options, timeoutMs: READ_TIMEOUT_MS };
    await this.#parts.pipeline.unary(methods.range, { key, serializable: true, countOnly: true }, options);
  }
}
