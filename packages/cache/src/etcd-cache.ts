import type { Bytes, CallOptions, EtcdOperations, KV, RangeForms, Watcher } from '@etcdts/core';
import {
  bindMethods,
  callOptionsOf,
  checkOptions,
  invalidArgument,
  plainMessage,
  toInt64,
  toRange,
} from '@etcdts/core/plugin';
import type { Cache, CacheStats } from './contract.ts';
import { Changes, type CacheChange, type ChangesOptions } from './changes.ts';
import type { Copy } from './copy.ts';
import { notReady } from './errors.ts';
import { entriesIn, isIn, isWithin, keyOf, placeOf, placesOf } from './ordered.ts';

/** The facade of a copy. */
export class EtcdCache<T> implements Cache<T> {
  readonly #copy: Copy<T>;
  readonly #operations: EtcdOperations & AsyncDisposable;
  readonly get: KV['get'];
  readonly watch: Watcher['watch'];

  constructor(copy: Copy<T>, operations: EtcdOperations & AsyncDisposable) {
    this.#copy = copy;
    this.#operations = operations;
    this.get = operations.kv.get;
    this.watch = operations.watch;
    bindMethods(this, EtcdCache.prototype);
  }

  get ready(): boolean {
    return this.#copy.ready;
  }

  get revision(): bigint {
    return this.#copy.store.revision;
  }

  get size(): number {
    return this.#copy.store.state.size;
  }

  async whenReady(options?: CallOptions): Promise<void> {
    await this.#copy.waits.until(() => this.#copy.ready, callOptionsOf<CallOptions>(this.#copy.client, options, {}));
  }

  async whenAt(revision: bigint | number, options?: CallOptions): Promise<void> {
    const call = callOptionsOf<CallOptions>(this.#copy.client, options, {});
    await this.#copy.reach(toInt64(revision, 'revision', 0n), call);
  }

  peek(key: Bytes): T | undefined {
    const place = placeOfKey(key);
    const entry = this.#copy.store.at(place);
    if (entry !== undefined) return entry.value;
    if (!isIn(place, this.#copy.places)) throw outside();
    this.#state();
    return undefined;
  }

  *#entries(places: ReturnType<typeof placesOf>): Generator<[key: Buffer, value: T], undefined> {
    for (const [place, { value, valid }] of entriesIn(this.#state().clone(), places))
      if (valid) yield [keyOf(place), value as T];
  }

  entries(key?: Bytes, forms: RangeForms = {}): IterableIterator<[key: Buffer, value: T]> {
    checkOptions<RangeForms>(forms, { prefix: 'boolean', fromKey: 'boolean', rangeEnd: true });
    this.#state();
    if (key === undefined) return this.#entries(this.#copy.places);
    const places = placesOf(toRange(key, forms));
    if (!isWithin(places, this.#copy.places)) throw outside();
    return this.#entries(places);
  }

  changes(options: ChangesOptions = {}): AsyncIterable<CacheChange<T>> {
    checkOptions<ChangesOptions>(options, { initial: 'boolean', signal: 'object' });
    callOptionsOf<CallOptions>(this.#copy.client, { signal: options.signal }, {});
    return new Changes(this.#copy, options);
  }

  stats(): CacheStats {
    const { store, ready, restarts, lag, failure } = this.#copy;
    const ended = failure !== undefined;
    const { revision, history, state } = store;
    return plainMessage({ ready, ended, entries: state.size, history: history.length, revision, restarts, lag });
  }

  async close(): Promise<void> {
    await this.#operations[Symbol.asyncDispose]();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #state(): Copy<T>['store']['state'] {
    const { header, state } = this.#copy.store;
    if (header === undefined) throw notReady();
    return state;
  }
}

const ASCII = /^[\x01-\x7f]+$/;

/** The place of a caller's key. A text of ASCII is its own place, which is the usual case and costs nothing. */
function placeOfKey(key: Bytes): string {
  if (typeof key === 'string' && ASCII.test(key)) return key;
  return placeOf(toRange(key, {}).key);
}

function outside(): Error {
  return invalidArgument('key', 'is not within the prefix of the copy');
}
