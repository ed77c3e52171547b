import type { ResponseHeader, WatchEvent } from '../messages.ts';

/** No revision yet. */
const NONE = 0n;

/** The position of a watch in the history of the store: the revision at which it resumes, and the newest that it has seen. */
export class Position {
  /** The first revision that it has not received. 0n means the revision after the creation. It never goes back. */
  next: bigint;
  /** The newest revision that the store is known to have had. */
  observed: bigint = NONE;

  constructor(startRevision: bigint | undefined) {
    this.next = startRevision ?? NONE;
  }

  /** Records the header of the first registration. */
  begin(header: ResponseHeader): void {
    // Without a revision in the header, the position stays 0n until the first event.
    if (this.next === NONE && header.revision > 0n) this.next = after(header.revision);
    if (isReal(header)) this.observed = header.revision;
  }

  /** Records the header of a later registration. Returns false if its store is older than what the watch has seen. */
  resume(header: ResponseHeader): boolean {
    if (!isReal(header)) return true;
    if (header.revision < this.observed) return false;
    this.observed = header.revision;
    return true;
  }

  /**
   * Records events, which are ordered, and returns the new ones, or `undefined` if there are none. A server may start earlier than
   * requested, or repeat events.
   */
  pass(events: readonly WatchEvent[]): readonly WatchEvent[] | undefined {
    const from = this.next;
    const last = lastRevision(events);
    if (last < from) return undefined;
    this.next = after(last);
    this.observe(last);
    return firstRevision(events) < from ? events.filter(({ kv }) => kv.modRevision >= from) : events;
  }

  /** Records a bookmark, up to which there are no more events. Returns whether it moves the position. */
  skip(revision: bigint): boolean {
    if (revision < this.next) return false;
    this.next = after(revision);
    return true;
  }

  /** Records that the store has had this revision. */
  observe(revision: bigint): void {
    if (revision > this.observed) this.observed = revision;
  }
}

// A thousand watches pass one revision after the other, and share the integers.
let passed = 0n;
let following = 1n;

/** The revision after this one. */
function after(revision: bigint): bigint {
  if (revision !== passed) {
    passed = revision;
    following = revision + 1n;
  }
  return following;
}

/** Whether events end at an earlier revision than they begin with. */
export function isReversed(events: readonly WatchEvent[]): boolean {
  return events.length > 1 && lastRevision(events) < firstRevision(events);
}

/** Whether two headers are equal in all their fields. */
export function isSame(a: ResponseHeader, b: ResponseHeader): boolean {
  return (
    a.revision === b.revision && a.raftTerm === b.raftTerm && a.memberId === b.memberId && a.clusterId === b.clusterId
  );
}

function firstRevision(events: readonly WatchEvent[]): bigint {
  return (events[0] as WatchEvent).kv.modRevision;
}

function lastRevision(events: readonly WatchEvent[]): bigint {
  return (events[events.length - 1] as WatchEvent).kv.modRevision;
}

/** Whether a header is etcd's. A grpc-proxy invents headers; without a cluster id they prove nothing. */
function isReal({ clusterId }: ResponseHeader): boolean {
  return clusterId !== 0n;
}
