import type { Reader } from './reader.ts';
import { ValueError, type Writer } from './writer.ts';

export const VARINT = 0;
export const DELIMITED = 2;

/** A type of values, on the wire and in a message. */
export interface Kind {
  /** The wire type of one value. */
  readonly wire: number;
  /** The value of an absent field in a message that was read. */
  readonly absent: unknown;
  read(reader: Reader): unknown;
  /** Writes a value, or throws a ValueError. */
  write(writer: Writer, value: unknown): void;
}

/** The error for a wrong value. It names the type of the value and never the value, which may be a secret. */
export function mustBe(what: string, value: unknown): ValueError {
  const type = value === null ? 'null' : Array.isArray(value) ? 'an array' : typeof value;
  return new ValueError(`must be ${what}, not ${type}`);
}

function integer(value: unknown, min: number, max: number): number {
  if (typeof value !== 'number') throw mustBe('a number', value);
  if (!Number.isInteger(value) || value < min || value > max)
    throw new ValueError(`must be an integer from ${min} to ${max}`);
  return value;
}

const signed = (value: unknown): number => integer(value, -(2 ** 31), 2 ** 31 - 1);
const unsigned = (value: unknown): number => integer(value, 0, 2 ** 32 - 1);

function long(value: unknown, min: bigint, max: bigint): bigint {
  if (typeof value !== 'bigint' && typeof value !== 'number') throw mustBe('a bigint or a safe integer', value);
  if (typeof value === 'number' && !Number.isSafeInteger(value)) throw new ValueError('must be a safe integer');
  if (value < min || value > max) throw new ValueError(`must be an integer from ${min} to ${max}`);
  return BigInt(value);
}

const signedLong = (value: unknown): bigint => long(value, -(2n ** 63n), 2n ** 63n - 1n);
const unsignedLong = (value: unknown): bigint => long(value, 0n, 2n ** 64n - 1n);

function number(value: unknown): number {
  if (typeof value !== 'number') throw mustBe('a number', value);
  return value;
}

function varint(absent: unknown, read: (reader: Reader) => unknown, write: Kind['write']): Kind {
  return { wire: VARINT, absent, read, write };
}

function fixed(
  length: 4 | 8,
  absent: unknown,
  get: (view: DataView) => unknown,
  set: (view: DataView, value: unknown) => void,
): Kind {
  return {
    wire: length === 4 ? 5 : 1,
    absent,
    read: (reader) => get(reader.fixed(length)),
    write: (writer, value) => set(writer.fixed(length), value),
  };
}

/** Reads a varint and returns its lower 32 bits. */
function low(reader: Reader): number {
  reader.varint();
  return reader.low;
}

/** A signed 32-bit integer. An enum's number is one too. */
export const int32: Kind = varint(0, low, (writer, value) => {
  const checked = signed(value);
  // A negative number is extended to 64 bits.
  writer.varint(checked >>> 0, checked < 0 ? 0xffff_ffff : 0);
});

/** The scalar types by their names in protos. 64-bit integers are bigints. */
export const scalars: ReadonlyMap<string, Kind> = new Map<string, Kind>([
  ['int32', int32],
  [
    'uint32',
    varint(
      0,
      (reader) => low(reader) >>> 0,
      (writer, value) => writer.varint(unsigned(value)),
    ),
  ],
  [
    'sint32',
    varint(
      0,
      (reader) => (low(reader) >>> 1) ^ -(reader.low & 1),
      (writer, value) => writer.varint(((signed(value) << 1) ^ (signed(value) >> 31)) >>> 0),
    ),
  ],
  [
    'int64',
    varint(
      0n,
      (reader) => BigInt.asIntN(64, reader.uint64()),
      (writer, value) => writer.uint64(BigInt.asUintN(64, signedLong(value))),
    ),
  ],
  [
    'uint64',
    varint(
      0n,
      (reader) => reader.uint64(),
      (writer, value) => writer.uint64(unsignedLong(value)),
    ),
  ],
  [
    'sint64',
    varint(
      0n,
      (reader) => zagzig(reader.uint64()),
      (writer, value) => writer.uint64(BigInt.asUintN(64, (signedLong(value) << 1n) ^ (signedLong(value) >> 63n))),
    ),
  ],
  [
    'bool',
    varint(
      false,
      (reader) => (low(reader) | reader.high) !== 0,
      (writer, value) => {
        if (typeof value !== 'boolean') throw mustBe('a boolean', value);
        writer.varint(value ? 1 : 0);
      },
    ),
  ],
  [
    'fixed32',
    fixed(
      4,
      0,
      (view) => view.getUint32(0, true),
      (view, value) => view.setUint32(0, unsigned(value), true),
    ),
  ],
  [
    'sfixed32',
    fixed(
      4,
      0,
      (view) => view.getInt32(0, true),
      (view, value) => view.setInt32(0, signed(value), true),
    ),
  ],
  [
    'float',
    fixed(
      4,
      0,
      (view) => view.getFloat32(0, true),
      (view, value) => view.setFloat32(0, number(value), true),
    ),
  ],
  [
    'double',
    fixed(
      8,
      0,
      (view) => view.getFloat64(0, true),
      (view, value) => view.setFloat64(0, number(value), true),
    ),
  ],
  [
    'fixed64',
    fixed(
      8,
      0n,
      (view) => view.getBigUint64(0, true),
      (view, value) => view.setBigUint64(0, unsignedLong(value), true),
    ),
  ],
  [
    'sfixed64',
    fixed(
      8,
      0n,
      (view) => view.getBigInt64(0, true),
      (view, value) => view.setBigInt64(0, signedLong(value), true),
    ),
  ],
  [
    'string',
    {
      wire: DELIMITED,
      absent: '',
      read: (reader) => reader.text(),
      write(writer, value) {
        if (typeof value !== 'string') throw mustBe('a string', value);
        writer.text(value);
      },
    },
  ],
  [
    'bytes',
    {
      wire: DELIMITED,
      absent: Buffer.alloc(0),
      read: (reader) => reader.bytes(),
      write(writer, value) {
        if (!(value instanceof Uint8Array)) throw mustBe('a Buffer or a Uint8Array', value);
        writer.bytes(value);
      },
    },
  ],
]);

function zagzig(value: bigint): bigint {
  return (value >> 1n) ^ -(value & 1n);
}
