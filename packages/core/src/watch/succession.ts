import { backoffMs, type Backoff } from '../backoff.ts';
import type { CallOptions } from '../call.ts';
import type { Clock, Timer } from '../clock.ts';
import { isEtcdError, type EtcdError } from '../errors.ts';
import { isLasting } from '../failures.ts';
import type { Logger } from '../logger.ts';
import { methods } from '../methods.ts';
import { Outage } from '../outage.ts';
import type { Pipeline } from '../pipeline/pipeline.ts';
import { cancelReaction, endedBy, streamReaction, type Reaction } from './resume.ts';
import { LiveStream, type StreamOwner } from './stream.ts';
import type { Subscription } from './subscription.ts';
import { protocolError } from './watch-errors.ts';

/** The parts of the watch hub. */
export interface WatchHubParts {
  readonly pipeline: Pipeline;
  readonly clock: Clock;
  /** Returns a number of at least 0 and less than 1, like Math.random, for jitter. */
  readonly random: () => number;
  readonly logger: Logger;
}

/** The life of a stream, with or without anything new on it, after which the backoff starts anew. */
const GOOD_STREAM_MS = 5_000;
const GOOD_FRUITFUL_MS = 100;
const READ_TIMEOUT_MS = 5_000;
/** The pauses between the end of a stream and the next one. */
const BACKOFF: Backoff = { firstMs: 10, longestMs: 1_000 };

/**
 * The streams of one group of subscriptions, one after the other. At most one is current. When etcd refuses a token, which a
 * stream cannot change, a new stream becomes the current one; the watches of the outdated stream follow once etcd has registered
 * a watch on the new one. A stream without subscriptions is cancelled at once.
 */
export class Succession implements StreamOwner {
  /** How many lost or replaced streams were followed by a resume. */
  resumes = 0;
  /** How many events the subscriptions have got. */
  events = 0;
  readonly #parts: WatchHubParts;
  readonly #options: CallOptions;
  readonly #members: ReadonlySet<Subscription>;
  /** The number of useless streams in a row. */
  #failures = 0;
  #current: LiveStream | undefined;
  readonly #outdated: Set<LiveStream> = new Set();
  readonly #outage: Outage;
  #timer: Timer | undefined;
  /** The subscription whose key is read to renew the token before the next stream; `undefined` if that is not needed. */
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

  /** Removes a member that has ended. */
  forget(subscription: Subscription): void {
    if (this.#refused === subscription) this.#refused = undefined;
    if (this.#members.size > 0) return;
    this.#outage.forget();
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  /** Requests progress on every stream, or on the next one if there is none. */
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
    // The new token is valid, so that the streams of the old one are not needed any more.
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
    const reaction = cancelReaction(error);
    if (!this.#survives(subscription, reaction, error)) {
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
    // Reset the backoff only after 100 ms. Otherwise a stream that fails on its first message would be reopened in a tight loop.
    if (!brief || (stream.fruitful && lived >= GOOD_FRUITFUL_MS)) this.#failures = 0;
    if (this.#current === stream) this.#current = undefined;
    this.#outdated.delete(stream);
    const subscriptions = [...stream.subscriptions()];
    // All leave the stream before any of them acts, so that none finds another one still attached.
    for (const subscription of subscriptions) subscription.interrupt();
    const reaction = streamReaction(error, this.#proven);
    for (const subscription of subscriptions) {
      if (reaction === 'closed') subscription.close();
      else if (!this.#survives(subscription, reaction, error, brief)) subscription.fail(error);
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

  /** Puts no more watches on a stream whose token etcd refuses. Those that it has go on. */
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

  /** Whether a watch goes on after this end of its stream, which was `brief`, or of the watch itself. */
  #survives(subscription: Subscription, reaction: Reaction, error: unknown, brief = true): boolean {
    switch (reaction) {
      case 'authenticate':
        this.#refused = subscription;
        return subscription.setbacks.refused();
      case 'fragment':
        subscription.fragmented = true;
        return !brief || subscription.setbacks.exhausted();
      case 'resume': {
        if (!isEtcdError(error) || !isLasting(error)) return true;
        const pinned = this.#options.endpoint !== undefined;
        // If another member has served it before, that member may be back soon.
        return (!pinned && subscription.registered) || subscription.setbacks.unfit(pinned);
      }
      default:
        return false;
    }
  }

  /**
   * Makes a unary call, in which every interceptor sees a refused token. etcd refuses the token of a watch in a message on a
   * healthy stream, which an interceptor need not read.
   */
  async #renewToken(key: Uint8Array): Promise<void> {
    const options = { ...this.#options, timeoutMs: READ_TIMEOUT_MS };
    await this.#parts.pipeline.unary(methods.range, { key, serializable: true, countOnly: true }, options);
  }
}
