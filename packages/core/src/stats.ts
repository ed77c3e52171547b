/** What the watches of a client amount to right now; `resumes` and `events` count from the start. */
export interface WatchStats {
  /** Watches that have not ended, parked and resuming ones too. */
  readonly open: number;
  readonly streams: number;
  /** Watches whose reader is so far behind that they are off the server for now. */
  readonly parked: number;
  /** Bytes of what was received and not read yet. */
  readonly bufferedBytes: number;
  /** Lost or replaced streams that watches were resumed from. */
  readonly resumes: number;
  /** Events handed to the watches of the application: each once, however often etcd sent it. */
  readonly events: number;
}

/** What the keepalives of a client amount to right now; `lost` counts from the start. */
export interface LeaseStats {
  /** Leases that are kept alive, however many hold each. */
  readonly kept: number;
  /** Leases that ended while they were kept alive, neither by this client's revoke nor by its close. */
  readonly lost: number;
}

/** One endpoint, in the order of the client's list. */
export interface EndpointStats {
  /** Without user info. */
  readonly address: string;
  readonly state: 'idle' | 'connecting' | 'ready' | 'failed';
}

/** What a client is doing at this moment, in numbers: for interceptors that report it. */
export interface ClientStats {
  readonly closed: boolean;
  readonly watches: WatchStats;
  readonly leases: LeaseStats;
  readonly endpoints: readonly EndpointStats[];
}
