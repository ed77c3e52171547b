import { inspect, type InspectOptions } from 'node:util';
import type { KeyValue, WatchEvent } from '../messages.ts';
import { keyValue, readKeyValueIn } from './key-value.ts';
import type { Page } from './page.ts';
import { Reader } from './reader.ts';

/** What a WatchEvent is made of. */
export interface WatchEventFields {
  readonly type: 'put' | 'delete';
  readonly kv: KeyValue;
  readonly prevKv?: KeyValue | undefined;
}

const lazily = new Reader();

/** A change of one key, read lazily: a place in a message until the first access. */
class DecodedWatchEvent implements WatchEvent {
  #page: Page | undefined;
  readonly #start: number;
  readonly #end: number;
  #type: 'put' | 'delete' = 'put';
  #kv: KeyValue | undefined;
  #prevKv: KeyValue | undefined;

  constructor(page: Page | undefined, start: number, end: number) {
    this.#page = page;
    this.#start = start;
    this.#end = end;
  }

  get type(): 'put' | 'delete' {
    if (this.#page !== undefined) this.#read(this.#page);
    return this.#type;
  }

  get kv(): KeyValue {
    if (this.#page !== undefined) this.#read(this.#page);
    return this.#kv as KeyValue;
  }

  get prevKv(): KeyValue | undefined {
    if (this.#page !== undefined) this.#read(this.#page);
    return this.#prevKv;
  }

  get isCreate(): boolean {
    return this.type === 'put' && this.kv.createRevision === this.kv.modRevision;
  }

  get isModify(): boolean {
    return this.type === 'put' && this.kv.createRevision !== this.kv.modRevision;
  }

  toJSON(): WatchEventFields {
    const { type, kv, prevKv } = this;
    return prevKv === undefined ? { type, kv } : { type, kv, prevKv };
  }

  [Symbol.for('nodejs.util.inspect.custom')](_depth: number, options: InspectOptions): string {
    return inspect(this.toJSON(), { ...options, depth: 1 });
  }

  #read(page: Page): void {
    const reader = lazily.begin(page.bytes, this.#start - page.base, this.#end - page.base, 'Event');
    for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
      switch (tag) {
        case 0x08: {
          const type = reader.number();
          if (type !== 0 && type !== 1) throw reader.malformed(`its type is ${type}`);
          this.#type = type === 0 ? 'put' : 'delete';
          break;
        }
        case 0x12:
          this.#kv = readKeyValueIn(page, reader);
          break;
        case 0x1a:
          this.#prevKv = readKeyValueIn(page, reader);
          break;
        default:
          reader.skip(tag);
      }
    }
    lazily.finish();
    this.#kv ??= keyValue({});
    this.#page = undefined;
  }

  static of(fields: WatchEventFields): DecodedWatchEvent {
    const event = new DecodedWatchEvent(undefined, 0, 0);
    event.#type = fields.type;
    event.#kv = fields.kv;
    event.#prevKv = fields.prevKv;
    return event;
  }
}

/** Reads an Event field whose tag was read: checks its bounds and leaves the rest for later. */
export function readWatchEvent(reader: Reader): WatchEvent {
  const length = reader.length();
  reader.pos += length;
  return new DecodedWatchEvent(reader.page(reader.pos - length, reader.pos), reader.pos - length, reader.pos);
}

/** Makes a WatchEvent, which prints and serialises as those that etcd sends. */
export function watchEvent(fields: WatchEventFields): WatchEvent {
  return DecodedWatchEvent.of(fields);
}
