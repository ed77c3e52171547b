import type { Event } from '../messages.ts';
import type { Change } from '../store/key-history.ts';
import type { KeyRange } from '../store/range.ts';

/** What a watcher tells its stream. */
export interface Delivery {
  readonly revision: number;
  readonly changes?: readonly Change[];
  /** The watch starts before what the store still has, and is over. */
  readonly compactRevision?: number;
}

/** Where the deliveries of a watcher go. */
export interface Sink {
  /** Whether it takes no more for now; it tells the hub when it does again. */
  readonly congested: boolean;
  deliver(watcher: Watcher, delivery: Delivery): void;
}

/** What a client wants to see. */
export interface Wish {
  readonly id: bigint;
  readonly range: KeyRange;
  /** 0 for now. */
  readonly startRevision: number;
  readonly withoutPuts: boolean;
  readonly withoutDeletes: boolean;
  readonly prevKv: boolean;
  readonly fragment: boolean;
}

/** One watch of a stream. Only the hub changes it. */
export interface Watcher extends Wish {
  readonly sink: Sink;
  /** The first revision that it has not been told of. */
  minRevision: number;
  /** Told of everything that happened, or waiting for what is to come; compacted ones are told nothing more. */
  state: 'synced' | 'unsynced' | 'compacted';
}

/** Leaves out what the watcher does not want to see. */
export function wanted(watcher: Watcher, changes: readonly Change[]): readonly Change[] {
  const { withoutPuts, withoutDeletes } = watcher;
  if (!withoutPuts && !withoutDeletes) return changes;
  return changes.filter(({ deleted }) => (deleted ? !withoutDeletes : !withoutPuts));
}

/** An event as it goes out: a delete has only the key and the revision. */
export function toEvent({ kv, deleted }: Change): Event {
  return deleted ? { type: 1, kv: { key: kv.key, modRevision: kv.modRevision } } : { type: 0, kv };
}
