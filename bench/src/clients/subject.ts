// The operations that the benchmark measures. Each method is written as a user of that client would write it.

/** A running watch. */
export interface Watching {
  stop(): Promise<void>;
}

/** Called with an event's mod revision in the client's form, and the number of bytes of its key and value. */
export type OnEvent = (modRevision: bigint | string, bytes: number) => void;

/** One client, connected to one address. */
export interface Subject {
  /** Returns the response's revision in the client's form. */
  put(key: string, value: Buffer): Promise<bigint | string>;
  /** Returns the value. */
  get(key: string): Promise<Buffer | undefined>;
  /** Puts and gets `key` if it exists. Returns the value of the get. */
  txn(key: string, value: Buffer): Promise<Buffer | undefined>;
  /** Reads every key and value under `prefix`. Returns their number of bytes. */
  range(prefix: string): Promise<number>;
  /** Watches `prefix`. Resolves when the watch is registered. */
  watch(prefix: string, onEvent: OnEvent): Promise<Watching>;
  /** Watches each of the keys. Resolves when all watches are registered. */
  watches(keys: readonly string[]): Promise<void>;
  close(): void | Promise<void>;
}
