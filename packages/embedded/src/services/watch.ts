import type { Timer } from '../clock.ts';
import type { Member } from '../member.ts';
import type * as m from '../messages.ts';
import { goText, StatusError, verdict } from '../status.ts';
import { toKey, toRange } from '../store/range.ts';
import { fragments } from '../watch/fragments.ts';
import { toEvent, type Delivery, type Sink, type Watcher } from '../watch/watcher.ts';
import type { Handlers, Peer, StreamListener } from './handlers.ts';

const NO_PUT = 0;
const NO_DELETE = 1;
const INVALID_ID = -1n;
/** How many bytes a message may have above the largest request. */
const OVERHEAD_BYTES = 512 * 1024;
const ZERO_KEY = Buffer.alloc(1);

/** The Watch service (server/etcdserver/api/v3rpc/watch.go). */
export function watch(member: Member): Handlers {
  return { streams: { 'Watch.Watch': (peer: Peer<m.WatchResponse>) => new WatchSession(member, peer) } };
}

/** One stream and its watches. */
class WatchSession implements StreamListener, Sink {
  readonly #member: Member;
  readonly #peer: Peer<m.WatchResponse>;
  readonly #watchers = new Map<bigint, Watcher>();
  /** The watches with progress notification. False means that a watch has just got a response. */
  readonly #progress = new Map<bigint, boolean>();
  #nextId = 0n;
  #timer: Timer | undefined;

  constructor(member: Member, peer: Peer<m.WatchResponse>) {
    this.#member = member;
    this.#peer = peer;
    this.#tick();
  }

  get congested(): boolean {
    return this.#peer.congested;
  }

  message({ createRequest, cancelRequest, progressRequest }: m.WatchRequest): void {
    if (createRequest) this.#create(createRequest);
    else if (cancelRequest) this.#cancel(cancelRequest.watchId);
    else if (progressRequest) this.#sendProgress(this.#watchers.values(), INVALID_ID);
  }

  drain(): void {
    this.#member.hub.catchUp();
  }

  close(): void {
    this.#timer?.cancel();
    for (const watcher of this.#watchers.values()) this.#member.hub.cancel(watcher);
    this.#watchers.clear();
  }

  deliver(watcher: Watcher, { revision, changes = [], compactRevision }: Delivery): void {
    const { id: watchId, prevKv, fragment } = watcher;
    const header = this.#member.header(revision);
    if (compactRevision !== undefined) {
      this.#peer.send({ header, watchId, canceled: true, compactRevision });
      return;
    }
    const { store } = this.#member;
    const events = changes.map((change): m.Event => {
      const event = toEvent(change);
      const created = !change.deleted && change.kv.createRevision === change.main;
      if (!prevKv || created) return event;
      return { ...event, prevKv: store.getAt(toKey(change.kv.key), change.main - 1) };
    });
    const response = { header, watchId, events };
    if (fragment) this.#sendFragments(response);
    else this.#peer.send(response);
    if (this.#progress.has(watchId)) this.#progress.set(watchId, false);
  }

  #create(request: m.WatchCreateRequest): void {
    const key = request.key.length === 0 ? ZERO_KEY : request.key;
    const { startRevision, rangeEnd, filters, prevKv, fragment, progressNotify } = request;
    if (startRevision < 0n) return this.#refuse(verdict('COMPACTED').message);
    try {
      this.#member.guard.read(this.#member.userOf(this.#peer.caller), key, rangeEnd);
    } catch (error) {
      if (error instanceof StatusError) return this.#refuse(goText(error));
      throw error;
    }
    const range = toRange(key, rangeEnd);
    if (range.end && range.key >= range.end) return this.#refuse('mvcc: watcher range is empty');
    if (request.watchId !== 0n && this.#watchers.has(request.watchId))
      return this.#refuse('mvcc: duplicate watch ID provided on the WatchStream');
    const id = request.watchId || this.#freeId();
    const [withoutPuts, withoutDeletes] = [filters.includes(NO_PUT), filters.includes(NO_DELETE)];
    const wish = { id, range, startRevision: Number(startRevision), withoutPuts, withoutDeletes, prevKv, fragment };
    if (progressNotify) this.#progress.set(id, true);
    this.#watchers.set(id, this.#member.hub.watch(wish, this));
    this.#peer.send({ header: this.#member.header(), watchId: id, created: true });
  }

  #refuse(cancelReason: string): void {
    const header = this.#member.header();
    this.#peer.send({ header, watchId: INVALID_ID, created: true, canceled: true, cancelReason });
  }

  #cancel(watchId: bigint): void {
    const watcher = this.#watchers.get(watchId);
    if (watcher === undefined) return;
    this.#member.hub.cancel(watcher);
    this.#watchers.delete(watchId);
    this.#progress.delete(watchId);
    this.#peer.send({ header: this.#member.header(), watchId, canceled: true });
  }

  #freeId(): bigint {
    while (this.#watchers.has(this.#nextId)) this.#nextId++;
    return this.#nextId++;
  }

  /** Sends the present revision if all watchers have received everything up to it. */
  #sendProgress(watchers: Iterable<Watcher>, watchId: bigint): void {
    const all = [...watchers];
    if (all.length > 0 && !this.congested && this.#member.hub.allSynced(all))
      this.#peer.send({ header: this.#member.header(), watchId });
  }

  #tick(): void {
    const interval = this.#member.options.progressNotifyIntervalMs;
    this.#timer = this.#member.clock.after(interval, () => {
      for (const [id, quiet] of this.#progress) {
        const watcher = this.#watchers.get(id);
        if (quiet && watcher) this.#sendProgress([watcher], id);
        this.#progress.set(id, true);
      }
      this.#tick();
    });
  }

  #sendFragments(response: m.WatchResponse): void {
    const overhead = this.#peer.sizeOf({ ...response, events: [], fragment: true });
    const maxBytes = this.#member.options.maxRequestBytes + OVERHEAD_BYTES;
    for (const part of fragments(response, overhead, maxBytes)) this.#peer.send(part);
  }
}
