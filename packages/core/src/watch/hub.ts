import type { CallOptions } from '../call.ts';
import type { Metadata } from '../metadata.ts';
import { clientClosed, invalidArgument } from '../errors.ts';
import type { WatchCreateRequest } from '../messages.ts';
import type { WatchStats } from '../stats.ts';
import { WatchGroup, type WatchHubParts } from './group.ts';
import type { WatchService, WatchServiceOptions, WatchStream } from './service.ts';
import { Subscription } from './subscription.ts';
import { methods } from '../methods.ts';

export type { WatchHubParts } from './group.ts';

/**
 * The watch service of a client: any number of watches over one stream for each set of metadata, leader requirement and
 * endpoint (clientv3/watch.go). It owns the streams, so watches outlive lost connections, and cancels a stream with its
 * last watch.
 */
export class WatchHub implements WatchService {
  readonly #parts: WatchHubParts;
  readonly #groups: Map<string, WatchGroup> = new Map();
  #pastResumes = 0;
  #pastEvents = 0;
  #closed = false;

  constructor(parts: WatchHubParts) {
    this.#parts = parts;
  }

  watch(request: WatchCreateRequest, options: WatchServiceOptions): WatchStream {
    const { startRevision = 0n } = request;
    // etcd accepts it, then starves the other watches of the member (etcd #20693).
    if (startRevision < 0n) throw invalidArgument('startRevision', `must be at least 0, not ${startRevision}`);
    const group = this.#group(options);
    const subscription = new Subscription(group, request, options);
    if (options.signal?.aborted === true) subscription.fail(options.signal.reason);
    else if (this.#closed) subscription.fail(clientClosed(methods.watch.label));
    else this.#start(group, subscription, options.timeoutMs);
    return subscription;
  }

  async requestProgress(options: CallOptions): Promise<void> {
    options.signal?.throwIfAborted();
    if (this.#closed) throw clientClosed(methods.watch.label);
    this.#groups.get(streamKey(options))?.streams.requestProgress();
  }

  stats(): WatchStats {
    let open = 0;
    let streams = 0;
    let parked = 0;
    let bufferedBytes = 0;
    let resumes = this.#pastResumes;
    let events = this.#pastEvents;
    for (const group of this.#groups.values()) {
      streams += group.streams.size;
      resumes += group.streams.resumes;
      events += group.streams.events;
      open += group.members.size;
      for (const member of group.members) {
        if (member.state === 'parked') parked += 1;
        bufferedBytes += member.bufferedBytes;
      }
    }
    return { open, streams, parked, bufferedBytes, resumes, events };
  }

  /** Ends every watch without an error and cancels every stream. */
  close(): void {
    this.#closed = true;
    for (const group of this.#groups.values()) group.close();
  }

  #start(group: WatchGroup, subscription: Subscription, timeoutMs = Infinity): void {
    if (timeoutMs < Infinity) subscription.limitCreation(this.#parts.clock, timeoutMs);
    group.submit(subscription);
  }

  #group(options: WatchServiceOptions): WatchGroup {
    const key = streamKey(options);
    let group = this.#groups.get(key);
    if (group === undefined) {
      const made = new WatchGroup(this.#parts, streamOptions(options), () => {
        if (this.#groups.get(key) !== made) return;
        this.#groups.delete(key);
        this.#pastResumes += made.streams.resumes;
        this.#pastEvents += made.streams.events;
      });
      group = made;
      this.#groups.set(key, group);
    }
    return group;
  }
}

/** A stream lives as long as its watches: the signal and the deadline of any one of them are not its own. */
function streamOptions(options: WatchServiceOptions): CallOptions {
  const { createdNotify: _created, maxBufferedBytes: _bytes, ...call } = options;
  return { ...call, requireLeader: options.requireLeader ?? true, timeoutMs: Infinity, signal: undefined };
}

/** Equal for options that may share a stream. Structural: clientv3's key is text, in which different metadata can meet. */
function streamKey({ requireLeader = true, endpoint, metadata }: CallOptions): string {
  if (endpoint === undefined && metadata === undefined) return requireLeader ? 'leader' : 'any';
  return JSON.stringify([requireLeader, endpoint ?? null, metadata === undefined ? null : entries(metadata)]);
}

function entries(metadata: Metadata): unknown {
  const text = (value: unknown): unknown =>
    value instanceof Uint8Array ? [Buffer.from(value).toString('base64')] : value;
  return Object.keys(metadata)
    .toSorted()
    .map((key) => {
      const value = metadata[key];
      return [key, Array.isArray(value) ? value.map(text) : [text(value)]];
    });
}
