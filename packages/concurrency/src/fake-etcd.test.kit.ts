// A store with revisions, behind the few operations of a client that observers use.
import { EtcdError, type EtcdOperations, type GetOptions, type KeyValue, type WatchOptions } from '@etcdts/core';
import { keyValue, watchEvent } from '@etcdts/core/plugin';
import type { WatchEvent } from '@etcdts/core';

interface Reader {
  resolve(result: IteratorResult<{ readonly events: readonly WatchEvent[] }, undefined>): void;
  reject(reason: unknown): void;
}

/** Makes an error as etcd or the client gives it. */
export function failure(code: EtcdError['code']): EtcdError {
  return new EtcdError({ code, message: 'made by a test', outcome: 'not-applied' });
}

/** One watch of a fake etcd. */
export class FakeWatch {
  readonly options: WatchOptions;
  cancelled = false;
  #at: bigint;
  #reader: Reader | undefined;
  #end: { reason: unknown } | 'well' | undefined;
  readonly #etcd: FakeEtcd;

  constructor(etcd: FakeEtcd, options: WatchOptions) {
    this.#etcd = etcd;
    this.options = options;
    this.#at = BigInt(options.startRevision ?? etcd.revision + 1n);
    options.signal?.addEventListener('abort', () => this.end({ reason: options.signal?.reason }));
  }

  end(end: { reason: unknown } | 'well'): void {
    this.#end ??= end;
    this.look();
  }

  look(): void {
    const reader = this.#reader;
    if (reader === undefined) return;
    if (this.#end === undefined && this.#at <= this.#etcd.compacted) this.#end = { reason: failure('COMPACTED') };
    const events = this.#etcd.history.filter(({ kv }) => kv.modRevision >= this.#at);
    if (this.#end === undefined && events.length === 0) return;
    this.#reader = undefined;
    if (this.#end === 'well') reader.resolve({ value: undefined, done: true });
    else if (this.#end !== undefined) reader.reject(this.#end.reason);
    else {
      this.#at = (events.at(-1) as WatchEvent).kv.modRevision + 1n;
      reader.resolve({ value: { events }, done: false });
    }
  }

  [Symbol.asyncIterator](): AsyncIterator<{ readonly events: readonly WatchEvent[] }, undefined> {
    return {
      next: () =>
        new Promise((resolve, reject) => {
          this.#reader = { resolve, reject };
          this.look();
        }),
      return: () => {
        this.cancelled = true;
        return Promise.resolve({ value: undefined, done: true });
      },
    };
  }
}

/** Keys with revisions, and their history. `afterGet` runs when a list was read and not yet answered. */
export class FakeEtcd {
  revision = 1n;
  compacted = 0n;
  readonly history: WatchEvent[] = [];
  readonly watches: FakeWatch[] = [];
  readonly gets: GetOptions[] = [];
  failures: EtcdError[] = [];
  afterGet: (() => void) | undefined;
  readonly #kvs = new Map<string, KeyValue>();

  /** Applies changes as one transaction: text puts a value, `undefined` deletes. */
  change(changes: Readonly<Record<string, string | undefined>>): void {
    this.revision += 1n;
    for (const [key, value] of Object.entries(changes)) {
      const before = this.#kvs.get(key);
      const common = { key: Buffer.from(key), modRevision: this.revision };
      if (value === undefined) {
        this.#kvs.delete(key);
        this.history.push(watchEvent({ type: 'delete', kv: keyValue(common) }));
      } else {
        const createRevision = before?.createRevision ?? this.revision;
        const version = (before?.version ?? 0) + 1;
        const kv = keyValue({ ...common, createRevision, version, value: Buffer.from(value) });
        this.#kvs.set(key, kv);
        this.history.push(watchEvent({ type: 'put', kv }));
      }
    }
    for (const watch of this.watches) watch.look();
  }

  /** Forgets the history up to the present revision. Watches that have not read it fail. */
  compact(): void {
    this.compacted = this.revision;
    this.history.length = 0;
    for (const watch of this.watches) watch.look();
  }

  get client(): EtcdOperations {
    const get = async (_: Buffer, options: GetOptions): Promise<unknown> => {
      this.gets.push(options);
      await Promise.resolve();
      options.signal?.throwIfAborted();
      const failing = this.failures.shift();
      if (failing !== undefined) throw failing;
      const kvs = [...this.#kvs.values()].toSorted((a, b) => Number(a.createRevision - b.createRevision));
      const header = { revision: this.revision };
      this.afterGet?.();
      return { header, kvs: kvs.slice(0, options.limit ?? kvs.length), count: kvs.length };
    };
    const watch = (_: Buffer, options: WatchOptions): FakeWatch => {
      const made = new FakeWatch(this, options);
      this.watches.push(made);
      return made;
    };
    return { kv: { get }, watch } as unknown as EtcdOperations;
  }
}
