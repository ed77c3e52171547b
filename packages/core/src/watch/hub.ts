import { callSite } from '../call-site.ts';
import { clientClosed, invalidArgument } from '../errors.ts';
import type { WatchCreateRequest } from '../messages.ts';
import type { WatchStats } from '../stats.ts';
import { WatchBuffers, type WatchLimits } from './buffers.ts';
import { checkSize } from './create-request.ts';
import { WatchGroup, type WatchHubParts } from './group.ts';
import type { RequestProgressOptions, WatchService, WatchServiceOptions, WatchStream } from './service.ts';
import { streamKey, streamOptions } from './stream-key.ts';
import { Subscription } from './subscription.ts';
import { methods } from '../methods.ts';

export type { WatchHubParts } from './group.ts';

/**
 * The watch service of a client: any number of watches over one stream for each set of equal stream options (clientv3/watch.go).
 * It owns the streams, so that watches survive lost connections, and cancels a stream with its last watch.
 */
export class WatchHub implements WatchService {
  readonly #parts: WatchHubParts;
  readonly #buffers: WatchBuffers;
  readonly #maxSendBytes: number;
  readonly #groups: Map<string, WatchGroup> = new Map();
  #pastResumes = 0;
  #pastEvents = 0;
  #closed = false;

  constructor(parts: WatchHubParts, limits: WatchLimits) {
    this.#parts = parts;
    this.#buffers = new WatchBuffers(limits);
    this.#maxSendBytes = limits.maxSendBytes;
  }

  watch(request: WatchCreateRequest, options: WatchServiceOptions): WatchStream {
    const { startRevision = 0n } = request;
    // etcd accepts a negative revision, and then starves the other watches of the member (etcd #20693).
    if (startRevision < 0n) throw invalidArgument('startRevision', `must be at least 0, not ${startRevision}`);
    const group = this.#group(options);
    const subscription = new Subscription(group, request, options);
    subscription.openedAt = callSite(WatchHub.prototype.watch);
    if (options.signal?.aborted === true) subscription.fail(options.signal.reason);
    else if (this.#closed) subscription.fail(clientClosed(methods.watch.label));
    else this.#start(group, subscription, options.timeoutMs);
    return subscription;
  }

  async requestProgress(options: RequestProgressOptions): Promise<void> {
    options.signal?.throwIfAborted();
    if (this.#closed) throw clientClosed(methods.watch.label);
    this.#groups.get(streamKey(options))?.streams.requestProgress();
  }

  stats(): WatchStats {
    let open = 0;
    let streams = 0;
    let parked = 0;
    let resumes = this.#pastResumes;
    let events = this.#pastEvents;
    for (const group of this.#groups.values()) {
      streams += group.streams.size;
      resumes += group.streams.resumes;
      events += group.streams.events;
      open += group.members.size;
      for (const member of group.members) if (member.state === 'parked') parked += 1;
    }
    const bufferedBytes = this.#buffers.bytes;
    return { open, streams, parked, bufferedBytes, resumes, events };
  }

  /** Ends every watch without an error and cancels every stream. */
  close(): void {
    this.#closed = true;
    for (const group of this.#groups.values()) group.close();
  }

  #start(group: WatchGroup, subscription: Subscription, timeoutMs = Infinity): void {
    try {
      checkSize(subscription.request, this.#maxSendBytes);
    } catch (error) {
      return subscription.fail(error);
    }
    if (timeoutMs < Infinity) subscription.limitCreation(this.#parts.clock, timeoutMs);
    group.submit(subscription);
  }

  /** Parks the watch that holds the most unread bytes. */
  #parkLargest(): void {
    let largest: Subscription | undefined;
    for (const group of this.#groups.values()) {
      for (const member of group.members) {
        if (member.state === 'attached' && member.bufferedBytes > (largest?.bufferedBytes ?? 0)) largest = member;
      }
    }
    largest?.park();
  }

  #forget(key: string, group: WatchGroup): void {
    if (this.#groups.get(key) !== group) return;
    this.#groups.delete(key);
    this.#pastResumes += group.streams.resumes;
    this.#pastEvents += group.streams.events;
  }

  #group(options: WatchServiceOptions): WatchGroup {
    const key = streamKey(options);
    let group = this.#groups.get(key);
    if (group === undefined) {
      group = new WatchGroup(this.#parts, streamOptions(options), {
        buffers: this.#buffers,
        relieve: () => this.#parkLargest(),
        emptied: (made) => this.#forget(key, made),
      });
      this.#groups.set(key, group);
    }
    return group;
  }
}
