// Canned answers: etcd's messages, encoded once, with the contents of the workload.
import {
  KEY,
  LARGE_KEY,
  LARGE_VALUE,
  MANY_KEYS,
  MANY_PREFIX,
  RANGE_KEYS,
  RANGE_PREFIX,
  RANGE_VALUE,
  VALUE,
  keyBelow,
} from '../workload.ts';

/** An unsigned varint in its shortest form. */
export function varint(value: number | bigint): Buffer {
  const bytes: number[] = [];
  let rest = BigInt(value);
  while (rest >= 0x80n) {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
  return Buffer.from(bytes);
}

export function scalar(field: number, value: number | bigint): Buffer {
  return Buffer.concat([varint(field << 3), varint(value)]);
}

export function bytes(field: number, ...value: Uint8Array[]): Buffer {
  const whole = Buffer.concat(value);
  return Buffer.concat([varint((field << 3) | 2), varint(whole.length), whole]);
}

/** A gRPC frame: the uncompressed flag, the length, the message. */
export function grpcFrame(...message: Uint8Array[]): Buffer {
  const whole = Buffer.concat(message);
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(whole.length, 1);
  return Buffer.concat([prefix, whole]);
}

/** The first revision. Revisions up to `LAST_REVISION` have four varint bytes, so that they can be patched in place. */
export const FIRST_REVISION: number = 2 ** 21;
export const LAST_REVISION: number = 2 ** 28 - 1;
const CLUSTER_ID = 14841639068965178418n;
const MEMBER_ID = 10276657743932975437n;

/** A ResponseHeader as field 1. */
export function header(revision: number): Buffer {
  return bytes(1, scalar(1, CLUSTER_ID), scalar(2, MEMBER_ID), scalar(3, revision), scalar(4, 2));
}

/** The fields of a KeyValue. */
export function keyValue(key: string, value: Buffer, modRevision: number): Buffer {
  return Buffer.concat([
    bytes(1, Buffer.from(key)),
    scalar(2, FIRST_REVISION),
    scalar(3, modRevision),
    scalar(4, 1),
    bytes(5, value),
  ]);
}

const one = bytes(2, keyValue(KEY, VALUE, FIRST_REVISION));

function range(prefix: string, count: number): Buffer {
  const kvs = Array.from({ length: count }, (_, i) => {
    return bytes(2, keyValue(keyBelow(prefix, i), RANGE_VALUE, FIRST_REVISION));
  });
  return Buffer.concat([header(FIRST_REVISION), ...kvs, scalar(4, count)]);
}

/** The messages that answer unary requests. */
export const messages = {
  put: header(FIRST_REVISION),
  get: Buffer.concat([header(FIRST_REVISION), one, scalar(4, 1)]),
  range: range(RANGE_PREFIX, RANGE_KEYS),
  txn: Buffer.concat([
    header(FIRST_REVISION),
    scalar(2, 1),
    bytes(3, bytes(2, bytes(1, scalar(3, FIRST_REVISION)))),
    bytes(3, bytes(1, bytes(1, scalar(3, FIRST_REVISION)), one, scalar(4, 1))),
  ]),
} as const;

/** The message with 10,000 keys, which only the fake server needs. */
export function manyKeys(): Buffer {
  return range(MANY_PREFIX, MANY_KEYS);
}

/** The message with a value of 1 MiB. */
export function largeValue(): Buffer {
  return Buffer.concat([
    header(FIRST_REVISION),
    bytes(2, keyValue(LARGE_KEY, LARGE_VALUE, FIRST_REVISION)),
    scalar(4, 1),
  ]);
}
