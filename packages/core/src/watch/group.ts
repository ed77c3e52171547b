import type { CallOptions } from '../call.ts';
import type { Clock, Timer } from '../clock.ts';
import { isEtcdError, type EtcdError } from '../errors.ts';
import type { Logger } from '../logger.ts';
import { methods } from '../methods.ts';
import type { Pipeline } from '../pipeline/pipeline.ts';
import { ResetCheck } from './reset-check.ts';
import { Backoff, cancelVerdict, endedBy, protocolError, streamVerdict } from './resume.ts';
import { LiveStream, type StreamOwner } from './stream.ts';
import { renewToken, storeRevision } from './reads.ts';
import type { Subscription } from './subscription.ts';
import type { SubscriptionOwner } from './subscription-owner.ts';

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
const GOOD_ADVANCED_MS = 100;

/**
 * The subscriptions that share streams, because they have the same metadata, leader requirement and endpoint.
 *
 * There is one current stream at most. When etcd refuses a token, which a stream cannot change, a new stream becomes the
 * current one; the watches of the outdated stream follow once the new one has proved itself. A stream without
 * subscriptions is cancelled at once.
 */
export class WatchGroup implements SubscriptionOwner, StreamOwner {
  /** Every subscription that has not ended, in the order of creation. */
  readonly members: Set<Subscription> = new Set();
  /** How many lost or replaced streams have been resumed from. */
  resumes = 0;
  /** How many events its subscriptions were given. */
  events = 0;
  readonly #parts: WatchHubParts;
  readonly #options: CallOptions;
  readonly #onEmpty: () => void;
  readonly #backoff: Backoff;
  #current: LiveStream | undefined;
  readonly #outdated: Set<LiveStream> = new Set();
  #timer: Timer | undefined;
  /** Set while a token has to be renewed before the next stream: whose key to ask with. */
  #refused: Subscription | undefined;
  #renewing = false;
  #proven = false;
  #progressWanted = false;

  constructor(parts: WatchHubParts, options: CallOptions, onEmpty: () => void) {
    this.#parts = parts;
    this.#options = options;
    this.#onEmpty = onEmpty;
    this.#backoff = new Backoff(parts.random);
  }

  get streams(): number {
    return this.#outdated.size + (this.#current === undefined ? 0 : 1);
  }

  /** Asks on every stream; where there is none, as soon as there is. */
  requestProgress(): void {
    for (const stream of this.#outdated) stream.requestProgress();
    if (this.#current === undefined) this.#progressWanted = true;
    else this.#current.requestProgress();
  }

  /** Ends every subscription without an error. */
  close(): void {
    // First the streams: nothing is gained by cancelling each watch on them.
    for (const stream of [...this.#outdated]) this.#drop(stream);
    if (this.#current !== undefined) this.#drop(this.#current);
    for (const subscription of this.members) subscription.close();
  }

  // ---- SubscriptionOwner --------------------------------------------------------------------------------------------

  submit(subscription: Subscription): void {
    this.members.add(subscription);
    if (this.#current !== undefined) this.#current.attach(subscription);
    else if (this.#timer === undefined && !this.#renewing) this.#open();
  }

  park(subscription: Subscription): void {
    this.#parts.logger.info(`watch parked: ${subscription.bufferedBytes} bytes wait for its reader`);
    this.#detach(subscription);
  }

  release(subscription: Subscription): void {
    this.members.delete(subscription);
    if (this.#refused === subscription) this.#refused = undefined;
    this.#detach(subscription);
    if (this.members.size > 0) return;
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#onEmpty();
  }

  advanced(subscription: Subscription, events = 0): void {
    this.events += events;
    if (subscription.stream !== undefined) subscription.stream.advanced = true;
  }

  suspect(subscription: Subscription): void {
    const { stream } = subscription;
    if (stream === undefined) return;
    const { pipeline, clock } = this.#parts;
    stream.resetCheck ??= new ResetCheck(({ request }) => storeRevision(pipeline, this.#options, request.key), clock);
    stream.resetCheck.add(subscription);
  }

  distrust(subscription: Subscription, why: string): void {
    if (subscription.stream !== undefined) this.violated(subscription.stream, why);
  }

  // ---- StreamOwner --------------------------------------------------------------------------------------------------

  established(stream: LiveStream): void {
    this.#proven = true;
    if (stream !== this.#current || this.#outdated.size === 0) return;
    // The new token is good: nothing is left to keep the streams of the old one for.
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
    if (verdict === 'fail' || (verdict === 'authenticate' && !this.#mayRenew(subscription))) {
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
    // Not for less: a stream that breaks on its first message, each time, would be reopened without a pause.
    if (!brief || (stream.advanced && lived >= GOOD_ADVANCED_MS)) this.#backoff.reset();
    if (this.#current === stream) this.#current = undefined;
    this.#outdated.delete(stream);
    const subscriptions = [...stream.subscriptions()];
    // All of them leave the stream before any of them acts, so that none finds a sibling half attached.
    for (const subscription of subscriptions) subscription.interrupt();
    const verdict = streamVerdict(error, this.#proven);
    for (const subscription of subscriptions) {
      if (verdict === 'closed') subscription.close();
      else if (verdict === 'fail') subscription.fail(error);
      else if (verdict === 'authenticate' && !this.#mayRenew(subscription)) subscription.fail(error);
      else if (brief && !mayExhaust(subscription, error)) subscription.fail(error);
      else if (this.#current !== undefined) this.#current.attach(subscription);
    }
    const resuming = subscriptions.filter((subscription) => subscription.state !== 'ended').length;
    if (resuming === 0) return;
    this.resumes += 1;
    this.#parts.logger.info(`watch stream ended (${endedBy(error)}): ${resuming} watches resume`);
    this.#schedule();
  }

  violated(stream: LiveStream, why: string): void {
    this.#parts.logger.warn(`watch stream dropped: the server ${why}`);
    stream.cancel();
    this.ended(stream, protocolError(why));
  }

  // ---- streams ------------------------------------------------------------------------------------------------------

  #open(): void {
    if (this.#current !== undefined) return;
    const waiting = [...this.members].filter((member) => member.state === 'waiting');
    if (waiting.length === 0) return;
    const { clock, pipeline } = this.#parts;
    const stream = new LiveStream(pipeline.stream(methods.watch, undefined, this.#options), this, clock.now());
    this.#current = stream;
    for (const subscription of waiting) stream.attach(subscription);
    if (this.#progressWanted) stream.requestProgress();
    this.#progressWanted = false;
    stream.start();
  }

  #detach(subscription: Subscription): void {
    const { stream } = subscription;
    if (stream === undefined) return;
    // The last one takes the stream with it, which says more than a cancel request would.
    if (stream.size === 1) this.#drop(stream);
    else stream.detach(subscription);
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
    // Watches that are to go on are work: the process stays for them.
    this.#timer = this.#parts.clock.after(this.#backoff.next(), () => this.#reopen(), true);
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
    renewToken(this.#parts.pipeline, this.#options, refused.request.key).then(go, go);
  }

  #mayRenew(subscription: Subscription): boolean {
    this.#refused = subscription;
    return subscription.setbacks.refused();
  }
}

/** A response that is too large for this client is asked for in fragments; where that does not help either, it ends. */
function mayExhaust(subscription: Subscription, error: unknown): boolean {
  if (!isEtcdError(error, 'RESOURCE_EXHAUSTED')) return true;
  subscription.fragmented = true;
  return subscription.setbacks.exhausted();
}
