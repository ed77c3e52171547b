import { isUtf8 } from 'node:buffer';
import { inspect, type InspectOptions } from 'node:util';
import type { KeyValue } from '../messages.ts';
import type { Page } from './page.ts';
import { Reader } from './reader.ts';

/** What a KeyValue is made of; what is absent is empty or 0. */
export interface KeyValueFields {
  readonly key?: Buffer | undefined;
  readonly value?: Buffer | undefined;
  readonly createRevision?: bigint | undefined;
  readonly modRevision?: bigint | undefined;
  readonly version?: number | undefined;
  readonly lease?: bigint | undefined;
}

/** A KeyValue as JSON: bytes as text, or as base64 where they are not UTF-8; revisions and lease as decimal strings. */
export interface KeyValueJson {
  readonly key: string | { readonly base64: string };
  readonly value: string | { readonly base64: string };
  readonly createRevision: string;
  readonly modRevision: string;
  readonly version: number;
  readonly lease: string;
}

const EMPTY: Buffer = Buffer.alloc(0);
const NOWHERE = -1;
const lazily = new Reader();

/**
 * A key with its value, read lazily: it starts as a place in a message. Its numbers, and the places of key and value, are
 * read on the first access to one of them; key and value on the first access to either, and then it lets go of the message.
 */
class DecodedKeyValue implements KeyValue {
  #page: Page | undefined;
  #scanned: boolean;
  /** Where it lies in the message; once it is scanned, where its key and its value begin. A large range has many of these. */
  #start: number;
  #end: number;
  #key = EMPTY;
  #value = EMPTY;
  #createRevision: number | bigint = 0;
  #modRevision: number | bigint = 0;
  #version = 0;
  #lease: number | bigint = 0;

  constructor(page: Page | undefined, start: number, end: number) {
    this.#page = page;
    this.#start = start;
    this.#end = end;
    this.#scanned = page === undefined;
  }

  get key(): Buffer {
    if (this.#page !== undefined) this.#take(this.#page);
    return this.#key;
  }

  get value(): Buffer {
    if (this.#page !== undefined) this.#take(this.#page);
    return this.#value;
  }

  get createRevision(): bigint {
    if (!this.#scanned) this.#scan();
    return BigInt(this.#createRevision);
  }

  get modRevision(): bigint {
    if (!this.#scanned) this.#scan();
    return BigInt(this.#modRevision);
  }

  get version(): number {
    if (!this.#scanned) this.#scan();
    return this.#version;
  }

  get lease(): bigint {
    if (!this.#scanned) this.#scan();
    return BigInt(this.#lease);
  }

  text(): string {
    return this.value.toString();
  }

  json<T = unknown>(): T {
    return JSON.parse(this.text()) as T;
  }

  toJSON(): KeyValueJson {
    return {
      key: jsonBytes(this.key),
      value: jsonBytes(this.value),
      createRevision: String(this.createRevision),
      modRevision: String(this.modRevision),
      version: this.version,
      lease: String(this.lease),
    };
  }

  /** Prints the fields, with key and value as text where they are UTF-8. */
  [Symbol.for('nodejs.util.inspect.custom')](_depth: number, options: InspectOptions): string {
    const { createRevision, modRevision, version, lease } = this;
    const fields = {
      key: readable(this.key),
      value: readable(this.value),
      createRevision,
      modRevision,
      version,
      lease,
    };
    return inspect(fields, options);
  }

  #scan(): void {
    const { bytes, base } = this.#page as Page;
    const reader = lazily.begin(bytes, this.#start - base, this.#end - base, 'KeyValue');
    let keyAt = NOWHERE;
    let valueAt = NOWHERE;
    for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
      switch (tag) {
        case 0x0a:
          keyAt = reader.pos + base;
          reader.skip(tag);
          break;
        case 0x10:
          this.#createRevision = reader.int64();
          break;
        case 0x18:
          this.#modRevision = reader.int64();
          break;
        case 0x20:
          this.#version = reader.number();
          break;
        case 0x2a:
          valueAt = reader.pos + base;
          reader.skip(tag);
          break;
        case 0x30:
          this.#lease = reader.int64();
          break;
        default:
          reader.skip(tag);
      }
    }
    reader.finish();
    this.#start = keyAt;
    this.#end = valueAt;
    this.#scanned = true;
  }

  #take(page: Page): void {
    if (!this.#scanned) this.#scan();
    page.detach();
    this.#key = this.#bytes(page, this.#start);
    this.#value = this.#bytes(page, this.#end);
    this.#page = undefined;
  }

  /** The bytes field whose length is at a place in the message; the scan has checked that it lies within. */
  #bytes(page: Page, at: number): Buffer {
    if (at === NOWHERE) return EMPTY;
    const { bytes } = page;
    let pos = at - page.base;
    let byte = bytes[pos++] as number;
    let length = byte & 0x7f;
    for (let shift = 7; byte > 0x7f; shift += 7) {
      byte = bytes[pos++] as number;
      length |= (byte & 0x7f) << shift;
    }
    return page.part(pos, pos + length);
  }

  static of(fields: KeyValueFields): DecodedKeyValue {
    const kv = new DecodedKeyValue(undefined, 0, 0);
    kv.#key = fields.key ?? EMPTY;
    kv.#value = fields.value ?? EMPTY;
    kv.#createRevision = fields.createRevision ?? 0;
    kv.#modRevision = fields.modRevision ?? 0;
    kv.#version = fields.version ?? 0;
    kv.#lease = fields.lease ?? 0;
    return kv;
  }

  static withKey(kv: KeyValue, key: Buffer): DecodedKeyValue {
    if (!(#key in kv)) {
      const { value, createRevision, modRevision, version, lease } = kv;
      return DecodedKeyValue.of({ key, value, createRevision, modRevision, version, lease });
    }
    if (kv.#page !== undefined) kv.#take(kv.#page);
    const copy = new DecodedKeyValue(undefined, 0, 0);
    copy.#key = key;
    copy.#value = kv.#value;
    copy.#createRevision = kv.#createRevision;
    copy.#modRevision = kv.#modRevision;
    copy.#version = kv.#version;
    copy.#lease = kv.#lease;
    return copy;
  }
}

/** Reads a KeyValue field whose tag was read: checks its bounds and leaves the rest for later. */
export function readKeyValue(reader: Reader): KeyValue {
  const length = reader.length();
  reader.pos += length;
  return new DecodedKeyValue(reader.page(reader.pos - length, reader.pos), reader.pos - length, reader.pos);
}

/** Reads a KeyValue field within a part of a message that lies in `page`. */
export function readKeyValueIn(page: Page, reader: Reader): KeyValue {
  const length = reader.length();
  reader.pos += length;
  return new DecodedKeyValue(page, reader.pos - length + page.base, reader.pos + page.base);
}

/** Makes a KeyValue, which prints and serialises as those that etcd sends; the buffers are kept, not copied. */
export function keyValue(fields: KeyValueFields): KeyValue {
  return DecodedKeyValue.of(fields);
}

/** Makes a copy of a KeyValue under another key; the buffers are kept, not copied. */
export function withKey(kv: KeyValue, key: Buffer): KeyValue {
  return DecodedKeyValue.withKey(kv, key);
}

function jsonBytes(bytes: Buffer): string | { readonly base64: string } {
  return isUtf8(bytes) ? bytes.toString() : { base64: bytes.toString('base64') };
}

function readable(bytes: Buffer): string | Buffer {
  return isUtf8(bytes) ? bytes.toString() : bytes;
}
