/**
 * A history: what the processes of a run did and saw, one JSON value a line. Each process writes a file of its own,
 * `history-<process>.jsonl`; the process that makes the faults writes `faults.jsonl`, and the watch that nobody disturbs writes
 * `truth.jsonl`. Times are microseconds of the machine's monotonic clock, one for all processes: `call` is rounded down and
 * `return` up. Revisions are safe integers, lease ids decimal text. Keys and values are UTF-8 text.
 */
export type Line = Operation | Pages | WatchOpened | WatchResponded | WatchEnded | LeaseSeen | LockSeen;

/** One key as etcd returns it. */
export interface Kv {
  readonly key: string;
  readonly value: string;
  readonly create: number;
  readonly mod: number;
  readonly version: number;
  /** `'0'` for a key without a lease. */
  readonly lease: string;
}

/** A range of keys: one, or those from `key` to `end`, as in etcd's requests. */
export interface Keys {
  readonly key: string;
  readonly end?: string;
}

export interface Put {
  readonly type: 'put';
  readonly key: string;
  /** Unique in the whole run. */
  readonly value: string;
  readonly lease?: string;
}

export interface Get extends Keys {
  readonly type: 'get';
  readonly serializable?: true;
  readonly limit?: number;
  /** Read at this revision. */
  readonly revision?: number;
  readonly countOnly?: true;
}

export interface Delete extends Keys {
  readonly type: 'delete';
}

/** A comparison for equality. */
export interface Compare {
  readonly key: string;
  readonly target: 'value' | 'mod' | 'create' | 'version';
  /** Text for `value`, else a number. */
  readonly value: string | number;
}

export interface Txn {
  readonly type: 'txn';
  readonly compares: readonly Compare[];
  readonly success: readonly (Put | Get | Delete)[];
  readonly failure: readonly (Put | Get | Delete)[];
}

export interface Compact {
  readonly type: 'compact';
  readonly revision: number;
}

export interface Grant {
  readonly type: 'grant';
  /** The id that the client chose. */
  readonly lease: string;
  /** Seconds. */
  readonly ttl: number;
}

export interface Revoke {
  readonly type: 'revoke';
  readonly lease: string;
}

export type Request = Put | Get | Delete | Txn | Compact | Grant | Revoke;

export interface GetAnswer {
  readonly type: 'get';
  readonly kvs: readonly Kv[];
  readonly count: number;
  readonly more: boolean;
}

export type Answer =
  | { readonly type: 'put' | 'compact' | 'grant' | 'revoke' }
  | GetAnswer
  | { readonly type: 'delete'; readonly deleted: number }
  | { readonly type: 'txn'; readonly succeeded: boolean; readonly answers: readonly Answer[] };

/** What an error says of the effect of its operation. */
export interface Failure {
  readonly code: string;
  readonly outcome: 'not-applied' | 'unknown';
}

/** A request and its answer, or its error. An operation that has neither was under way when its process ended. */
export interface Operation {
  readonly type: 'operation';
  readonly process: number;
  readonly client: number;
  readonly call: number;
  readonly return: number;
  readonly request: Request;
  /** The revision of the answer's header. */
  readonly revision?: number;
  readonly answer?: Answer;
  readonly error?: Failure;
}

/** All keys of a prefix, read in pages or from a copy. */
export interface Pages {
  readonly type: 'pages';
  readonly process: number;
  readonly client: number;
  readonly call: number;
  readonly return: number;
  readonly key: string;
  readonly end: string;
  readonly revision: number;
  readonly kvs: readonly Kv[];
  /** Whether it may be of the past: that of a copy. */
  readonly copied?: boolean;
}

/** A watch was asked for. */
export interface WatchOpened extends Keys {
  readonly type: 'watch';
  readonly process: number;
  readonly client: number;
  /** Unique in the process. */
  readonly watch: number;
  readonly at: number;
  readonly kind: string;
  /** 0 for a watch from now on. */
  readonly startRevision: number;
  readonly prevKv: boolean;
  readonly filter?: 'put' | 'delete';
}

export interface SeenEvent {
  readonly type: 'put' | 'delete';
  /** Of a deletion, the key and the revision alone. */
  readonly kv: Kv;
  readonly prevKv?: Kv;
  /** Whether the event says that it made the key. */
  readonly isCreate?: true;
}

export interface WatchResponded {
  readonly type: 'response';
  readonly process: number;
  readonly watch: number;
  readonly at: number;
  /** The revision of the header. */
  readonly revision: number;
  /** `created` has no events; a `progress` is a bookmark. */
  readonly kind: 'created' | 'events' | 'progress';
  readonly events: readonly SeenEvent[];
}

export interface WatchEnded {
  readonly type: 'ended';
  readonly process: number;
  readonly watch: number;
  readonly at: number;
  /** The error's code; `'done'` for a watch that was cancelled by its reader. */
  readonly code: string;
  readonly compactRevision?: number;
}

/** What the holder of a lease saw of it. */
export interface LeaseSeen {
  readonly type: 'lease';
  readonly process: number;
  readonly lease: string;
  readonly at: number;
  /** `kept`: a renewal was acknowledged; `open`: the signal was read and was not aborted, for the last time; `lost`: it was aborted. */
  readonly what: 'granted' | 'kept' | 'open' | 'lost' | 'revoked';
  /** Seconds, of `granted` and `kept`. */
  readonly ttl?: number;
  readonly code?: string;
}

/** What a process saw of a lock, or of a lead. */
export interface LockSeen {
  readonly type: 'lock';
  readonly process: number;
  readonly name: string;
  readonly at: number;
  /** `open`: the signal was read and was not aborted. */
  readonly what: 'held' | 'open' | 'released';
  /** The revision that orders the holders. */
  readonly token: number;
}

/** A fault that was made, in `faults.jsonl`. */
export interface Fault {
  readonly type: 'fault';
  readonly kind: string;
  /** What it was done to: a member, a link, a process. */
  readonly to: string;
  readonly at: number;
  readonly until: number;
}

/** A whole revision of the store, in `truth.jsonl`, in order and without a gap: a direct watch of all keys by another client. */
export interface Revision {
  readonly revision: number;
  /** When that watch received it. */
  readonly at?: number;
  readonly events: readonly SeenEvent[];
}

/** What was going on, once a second, in `samples.jsonl`. */
export interface Sample {
  readonly seconds: number;
  /** On the clock of the history. */
  readonly at: number;
  readonly operations: number;
  readonly unknown: number;
  readonly faults: number;
  readonly revision: number;
  readonly resumed: number;
  /** Microseconds. */
  readonly p50: number;
  readonly p99: number;
}

/** What a run was: `run.json`. */
export interface RunSummary {
  readonly seed: number;
  readonly minutes: number;
  readonly etcd: string;
  readonly transport: string;
  readonly mutant?: string;
  /** Counts of what was done. */
  readonly done: Readonly<Record<string, number>>;
  /** What went wrong outside of the history: processes that failed, watches that were behind at the end, handles that were left. */
  readonly failures: readonly string[];
}
