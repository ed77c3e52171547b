// What the benchmark asks of a client. Each method is written as a user of that client would write it.

/** A watch that runs. */
export interface Watching {
  stop(): Promise<void>;
}

/** Called with an event's mod revision, as the client gives it, and the bytes of key and value that were read. */
export type OnEvent = (modRevision: bigint | string, bytes: number) => void;

/** One client, connected to one address. */
export interface Subject {
  /** Gives the response's revision, as the client gives it. */
  put(key: string, value: Buffer): Promise<bigint | string>;
  /** Gives the value. */
  get(key: string): Promise<Buffer | undefined>;
  /** Puts and gets `key` if it exists; gives the value of the get. */
  txn(key: string, value: Buffer): Promise<Buffer | undefined>;
  /** Reads every key and value under `prefix`; gives their number of bytes. */
  range(prefix: string): Promise<number>;
  /** Watches `prefix`; resolves when the watch is registered. */
  watch(prefix: string, onEvent: OnEvent): Promise<Watching>;
  /** Registers a watch on each of the keys; resolves when all are. */
  watches(keys: readonly string[]): Promise<void>;
  close(): void | Promise<void>;
}
