import { isUtf8 } from 'node:buffer';
import { inspect, type InspectOptions } from 'node:util';
import type { KeyValue } from '../messages.ts';
import { signed } from './int64.ts';
import { jsonBytes, passForLiterals, type BytesJson } from './plain-message.ts';
import type { Reader } from './reader.ts';

/** The fields of a KeyValue. An absent field is empty or 0. */
export interface KeyValueFields {
  /** The bytes of the key. */
  readonly key?: Buffer | undefined;
  /** The bytes of the value. */
  readonly value?: Buffer | undefined;
  /** When the key was created. */
  readonly createRevision?: bigint | undefined;
  /** When the key was written last. */
  readonly modRevision?: bigint | undefined;
  /** How often the key was written since its creation. */
  readonly version?: number | undefined;
  /** The lease that the key is attached to. */
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
  const outer = reader.enter();
  reader.keep();
  const kv = readUsual(reader) ?? readAny(reader);
  reader.leave(outer);
  return kv;
}

/**
 * Reads the fields as etcd writes them, without a call for each byte: that halves the time of a large range. `undefined`, with the
 * reader at its place, if there is anything else.
 */
function readUsual(reader: Reader): KeyValue | undefined {
  const { bytes, pos: start, end } = reader;
  let pos = start;
  let keyAt = 0;
  let keyEnd = 0;
  let valueAt = 0;
  let valueEnd = 0;
  let createRevision = 0n;
  let modRevision = 0n;
  let version = 0;
  let lease = 0n;
  let usual = true;
  while (usual && pos < end) {
    const tag = bytes[pos++] as number;
    let low = bytes[pos++] as number;
    let high = 0;
    if (low >= 0x80) {
      low = (low & 0x7f) | ((bytes[pos] as number) << 7);
      if ((bytes[pos++] as number) >= 0x80) {
        low = (low & 0x3fff) | ((bytes[pos] as number) << 14);
        if ((bytes[pos++] as number) >= 0x80) {
          low = (low & 0x1f_ffff) | ((bytes[pos] as number) << 21);
          if ((bytes[pos++] as number) >= 0x80) {
            reader.pos = pos - 4;
            reader.varint();
            ({ pos, low, high } = reader);
          }
        }
      }
    }
    if (pos > end) usual = false;
    else if (tag === 0x18) modRevision = signed(low, high);
    else if (tag === 0x10) createRevision = signed(low, high);
    else if (tag === 0x30) lease = signed(low, high);
    else if (high !== 0 || low < 0) usual = false;
    else if (tag === 0x20) version = low;
    else if (tag === 0x0a) {
      keyAt = pos;
      keyEnd = pos += low;
    } else if (tag === 0x2a) {
      valueAt = pos;
      valueEnd = pos += low;
    } else usual = false;
  }
  if (!usual || pos !== end) {
    reader.pos = start;
    return undefined;
  }
  reader.pos = pos;
  const key = reader.part(keyAt, keyEnd);
  return new PlainKeyValue(key, reader.part(valueAt, valueEnd), createRevision, modRevision, version, lease);
}

/** Reads any KeyValue to the reader's end, with fields of later versions, or refuses it. */
function readAny(reader: Reader): KeyValue {
  let key = EMPTY;
  let value = EMPTY;
  let createRevision = 0n;
  let modRevision = 0n;
  let version = 0;
  let lease = 0n;
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
