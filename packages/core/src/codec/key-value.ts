import { isUtf8 } from 'node:buffer';
import { inspect, type InspectOptions } from 'node:util';
import type { KeyValue } from '../messages.ts';
import { jsonBytes, passForLiterals, type BytesJson } from './plain-message.ts';
import type { Reader } from './reader.ts';

/** The fields of a KeyValue. An absent field is empty or 0. */
export interface KeyValueFields {
  readonly key?: Buffer | undefined;
  readonly value?: Buffer | undefined;
  readonly createRevision?: bigint | undefined;
  readonly modRevision?: bigint | undefined;
  readonly version?: number | undefined;
  readonly lease?: bigint | undefined;
}

/** A KeyValue as JSON: bytes as text, or as base64 if they are not UTF-8; revisions and lease as decimal text. */
export interface KeyValueJson {
  readonly key: BytesJson;
  readonly value: BytesJson;
  readonly createRevision: string;
  readonly modRevision: string;
  readonly version: number;
  readonly lease: string;
}

const EMPTY: Buffer = Buffer.alloc(0);

/** A key with its value. The data are own properties, the methods are inherited. */
class PlainKeyValue implements KeyValue {
  static {
    passForLiterals(this);
  }

  readonly key: Buffer;
  readonly value: Buffer;
  readonly createRevision: bigint;
  readonly modRevision: bigint;
  readonly version: number;
  readonly lease: bigint;

  constructor(key: Buffer, value: Buffer, createRevision: bigint, modRevision: bigint, version: number, lease: bigint) {
    this.key = key;
    this.value = value;
    this.createRevision = createRevision;
    this.modRevision = modRevision;
    this.version = version;
    this.lease = lease;
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

  /** Prints the fields, with key and value as text if they are UTF-8. */
  [Symbol.for('nodejs.util.inspect.custom')](_depth: number, options: InspectOptions): string {
    const { key, value, createRevision, modRevision, version, lease } = this;
    const fields = { key: readable(key), value: readable(value), createRevision, modRevision, version, lease };
    return inspect(fields, options);
  }
}

/** Reads a KeyValue field whose tag was read. */
export function readKeyValue(reader: Reader): KeyValue {
  let key = EMPTY;
  let value = EMPTY;
  let createRevision = 0n;
  let modRevision = 0n;
  let version = 0;
  let lease = 0n;
  const outer = reader.enter();
  reader.keep();
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case 0x0a:
        key = reader.kept();
        break;
      case 0x10:
        createRevision = reader.int64();
        break;
      case 0x18:
        modRevision = reader.int64();
        break;
      case 0x20:
        version = reader.number();
        break;
      case 0x2a:
        value = reader.kept();
        break;
      case 0x30:
        lease = reader.int64();
        break;
      default:
        reader.skip(tag);
    }
  }
  reader.leave(outer);
  return new PlainKeyValue(key, value, createRevision, modRevision, version, lease);
}

/** Makes a KeyValue like those that etcd sends. The buffers are kept, not copied. */
export function keyValue(fields: KeyValueFields): KeyValue {
  const { key = EMPTY, value = EMPTY, createRevision = 0n, modRevision = 0n, version = 0, lease = 0n } = fields;
  return new PlainKeyValue(key, value, createRevision, modRevision, version, lease);
}

/** Makes a copy of a KeyValue under another key. The buffers are kept, not copied. */
export function withKey(kv: KeyValue, key: Buffer): KeyValue {
  return new PlainKeyValue(key, kv.value, kv.createRevision, kv.modRevision, kv.version, kv.lease);
}

function readable(bytes: Buffer): string | Buffer {
  return isUtf8(bytes) ? bytes.toString() : bytes;
}
