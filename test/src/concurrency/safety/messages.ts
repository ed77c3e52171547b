// What the judge and its workers send each other.

/** Times are nanoseconds of the machine's monotonic clock, which all processes share. */
export type Nanos = bigint;

/** From a worker to the judge. */
export type Report =
  | { readonly type: 'ready' }
  /** The lock is held, and the worker spins until the judge freezes it. */
  | { readonly type: 'holding'; readonly name: string }
  /** A write to the fenced resource. */
  | { readonly type: 'write'; readonly id: number; readonly name: string; readonly token: string }
  | ({ readonly type: 'held' } & Held)
  | { readonly type: 'left'; readonly lost: number; readonly failures: readonly string[] };

/** What one holder saw. */
export interface Held {
  readonly name: string;
  readonly token: string;
  /** When the first read of `signal` as open had ended, and when the last such read began; `undefined` if none was open. */
  readonly open: { readonly first: string; readonly last: string } | undefined;
  /** Writes guarded by `isOwner()` that etcd committed, and those that it refused. */
  readonly committed: number;
  readonly refused: number;
  /** Committed although another key than ours was the oldest. */
  readonly wrong: number;
}

/** From the judge to a worker. */
export type Order =
  /** Block the event loop for so long as soon as a lock is held. */
  | { readonly type: 'block'; readonly ms: number }
  /** Report `holding` as soon as a lock is held, and spin. */
  | { readonly type: 'hold' }
  | { readonly type: 'answer'; readonly id: number; readonly accepted: boolean }
  | { readonly type: 'leave' };
