/** The numbers of a client's watches at this moment; `resumes` and `events` count from the start. */
export interface WatchStats {
  /** Watches that have not ended, including parked and resuming ones. */
  readonly open: number;
  /** Streams that carry the watches. */
  readonly streams: number;
  /** Watches that are cancelled on the server because their reader is too far behind. They resume later. */
  readonly parked: number;
  /** Bytes that were received and are not read yet. */
  readonly bufferedBytes: number;
  /** Lost or replaced streams after which watches were resumed. */
  readonly resumes: number;
  /** Events that the application's watches received. Each counts once, however often etcd sent it. */
  readonly events: number;
}

/** The numbers of a client's keepalives at this moment; `lost` counts from the start. */
export interface LeaseStats {
  /** Leases that are kept alive. Each counts once, however many keepalives it has. */
  readonly kept: number;
  /** Leases that ended while they were kept alive, except by this client's revoke or close. */
  readonly lost: number;
}

/** One endpoint, in the order of the client's list. */
export interface EndpointStats {
  /** The address without user info. */
  readonly address: string;
  /** `idle` before the first use, `failed` between two attempts to connect. */
  readonly state: 'idle' | 'connecting' | 'ready' | 'failed';
}

/** The numbers of a client at this moment, for interceptors that report them. */
export interface ClientStats {
  /** Whether `close()` was called, or `signal` has closed the client. */
  readonly closed: boolean;
  /** Its watches, those of wrapped clients included. */
  readonly watches: WatchStats;
  /** Its keepalives, those of wrapped clients included. */
  readonly leases: LeaseStats;
  /** Its endpoints, with the state of each connection. */
  readonly endpoints: readonly EndpointStats[];
}
