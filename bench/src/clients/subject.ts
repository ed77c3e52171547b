// The operations that the benchmark measures. Each method is written as a user of that client would write it.

/** The address of a server, and the PEM of its authority if it speaks TLS. */
export interface Target {
  readonly address: string;
  readonly ca?: string | undefined;
}

/** What runs until it is stopped: watches or kept leases. */
export interface Running {
  stop(): Promise<void>;
}

/** Called with an event's mod revision in the client's form, and the number of bytes of its key and value. */
export type OnEvent = (modRevision: bigint | string, bytes: number) => void;

/** One client, connected to one address. */
export interface Subject {
  /** The number of bytes that the client cuts off from each key. */
  readonly cut: number;
  /** Returns the response's revision in the client's form. */
  put(key: string, value: Buffer): Promise<bigint | string>;
  /** Returns the value. */
  get(key: string): Promise<Buffer | undefined>;
  /** Puts and gets `key` if it exists. Returns the value of the get. */
  txn(key: string, value: Buffer): Promise<Buffer | undefined>;
  /** Reads every key and value under `prefix`. Returns their number of bytes. */
  range(prefix: string): Promise<number>;
  /** Reads every key and value under `prefix` in pages of 1,000 keys. Returns their number of bytes. */
  pages?(prefix: string): Promise<number>;
  /** Reads a snapshot. Returns its number of bytes. */
  snapshot?(): Promise<number>;
  /** Watches `prefix`. Resolves when the watch is registered. */
  watch?(prefix: string, onEvent: OnEvent): Promise<Running>;
  /**
   * Watches each of the keys, and reads the watches if there is an `onEvent`. Resolves with what keeps them reachable when all are
   * registered.
   */
  watches?(keys: readonly string[], onEvent?: OnEvent): Promise<object>;
  /** Grants leases and keeps them alive. Resolves with what keeps them reachable when all are granted. */
  leases?(count: number, ttl: number): Promise<object>;
  close(): void | Promise<void>;
}
