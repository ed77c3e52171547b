import type { Event } from '../messages.ts';
import type { Change } from '../store/key-history.ts';
import type { KeyRange } from '../store/range.ts';

/** What a watcher delivers to its stream. */
export interface Delivery {
  readonly revision: number;
  readonly changes?: readonly Change[];
  /** Set if the watch starts at a compacted revision, which ends it. */
  readonly compactRevision?: number;
}

/** The stream that receives the deliveries of a watcher. */
export interface Sink {
  /** Whether it accepts nothing now. It notifies the hub when it does again. */
  readonly congested: boolean;
  deliver(watcher: Watcher, delivery: Delivery): void;
}

/** The request of a client. */
export interface Wish {
  readonly id: bigint;
  readonly range: KeyRange;
  /** 0 means the present revision. */
  readonly startRevision: number;
  readonly withoutPuts: boolean;
  readonly withoutDeletes: boolean;
  readonly prevKv: boolean;
  readonly fragment: boolean;
}

/** One watch of a stream. Only the hub changes it. */
export interface Watcher extends Wish {
  readonly sink: Sink;
  /** The first revision that it has not received. */
  minRevision: number;
  /** `synced` has received everything, `unsynced` waits for changes or for its start, `compacted` receives nothing more. */
  state: 'synced' | 'unsynced' | 'compacted';
}

/** Returns the changes that the watcher has requested. */
export function wanted(watcher: Watcher, changes: readonly Change[]): readonly Change[] {
  const { withoutPuts, withoutDeletes } = watcher;
  if (!withoutPuts && !withoutDeletes) return changes;
  return changes.filter(({ deleted }) => (deleted ? !withoutDeletes : !withoutPuts));
}

/** Makes the event of a change. A delete has only the key and the revision. */
export function toEvent({ kv, deleted }: Change): Event {
  return deleted ? { type: 1, kv: { key: kv.key, modRevision: kv.modRevision } } : { type: 0, kv };
}
