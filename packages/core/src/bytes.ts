// Converts keys, values and integers of callers to what goes over the wire, and refuses bad ones by name.
import { roomy } from './codec/room.ts';
import { describe, shown } from './describe.ts';
import { invalidArgument } from './errors.ts';

/** A key or value of a caller. Text is sent as UTF-8, bytes as they are. */
export type Bytes = string | Uint8Array;

const EMPTY: Buffer = Buffer.alloc(0);
/** The length of a text that may be large as bytes. */
const LONG_TEXT = 16 * 1024;
const MAX_INT64 = 2n ** 63n - 1n;
const MIN_INT64 = -(2n ** 63n);

/** The range end that etcd reads as "no upper bound" (`"\0"`, clientv3 `WithFromKey`). */
export const OPEN_END: Buffer = Buffer.from([0]);

/** Copies a caller's key or value, so that later changes to the caller's buffer do not reach etcd. */
export function toBytes(value: Bytes, argument: string): Buffer {
  if (typeof value === 'string') {
    // A lone surrogate would be sent as U+FFFD, so that two different strings would be one key.
    if (!value.isWellFormed()) throw invalidArgument(argument, 'is not well-formed Unicode: it holds a lone surrogate');
    if (value === '') return EMPTY;
    return value.length < LONG_TEXT ? Buffer.from(value) : longText(value);
  }
  if (value instanceof Uint8Array) return copyBytes(value);
  throw invalidArgument(
    argument,
    `must be a string or a Uint8Array, not ${describe(value)}${bytesHint(value, argument)}`,
  );
}

function longText(text: string): Buffer {
  const bytes = roomy(Buffer.byteLength(text));
  bytes.write(text);
  return bytes;
}

// Its content is not shown: it is a key or a value.
function bytesHint(value: unknown, argument: string): string {
  if (value instanceof Promise) return ': await it first';
  if (value instanceof ArrayBuffer) return ': pass new Uint8Array(buffer)';
  if (Array.isArray(value)) return ': calls are about one key or one range; several go into a txn';
  if (typeof value === 'object' && value !== null)
    return argument === 'value' ? ': JSON.stringify makes text of it' : '';
  return typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean'
    ? ': String makes text of it'
    : '';
}

const realLength = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype) as object, 'byteLength')
  ?.get as (this: Uint8Array) => number;

/** Copies bytes into a Buffer that shares no memory with the caller's. */
export function copyBytes(bytes: Uint8Array): Buffer {
  // The getter of the prototype gives the real length even if a subclass overrides `byteLength`.
  const copy = roomy(realLength.call(bytes));
  copy.set(bytes);
  return copy;
}

/** As `toBytes`, for a key that must not be empty. */
export function toKey(value: Bytes, argument: string): Buffer {
  const key = toBytes(value, argument);
  if (key.length === 0) throw invalidArgument(argument, 'must not be empty', 'EMPTY_KEY');
  return key;
}

/** A revision or id: any bigint in int64's range, or a safe integer. */
export function toInt64(value: bigint | number, argument: string, minimum: bigint = MIN_INT64): bigint {
  let result: bigint;
  if (typeof value === 'bigint') {
    result = value;
  } else if (typeof value === 'number') {
    if (!Number.isSafeInteger(value))
      throw invalidArgument(argument, `must be a safe integer or a bigint, not ${value}`);
    result = BigInt(value);
  } else {
    throw invalidArgument(argument, `must be a bigint or a safe integer, not ${shown(value)}`);
  }
  if (result < minimum) throw invalidArgument(argument, `must be at least ${minimum}, not ${result}`);
  if (result > MAX_INT64) throw invalidArgument(argument, `must fit a signed 64-bit integer, not ${result}`);
  return result;
}

/** A member or cluster id: an unsigned 64-bit integer. */
export function toUint64(value: bigint | number, argument: string): bigint {
  if (typeof value === 'bigint' && value > MAX_INT64 && value < 2n ** 64n) return value;
  return toInt64(value, argument, 0n);
}

/** A member's id, which is not 0. */
export function toMemberId(id: bigint | number, argument: string): bigint {
  const result = toUint64(id, argument);
  if (result === 0n) throw invalidArgument(argument, 'must not be 0: no member has that id');
  return result;
}

/** A count, limit or size: a safe integer no smaller than `minimum`. */
export function toCount(value: number | bigint, argument: string, minimum = 0): number {
  const number = typeof value === 'bigint' ? Number(value) : value;
  if (!Number.isSafeInteger(number))
    throw invalidArgument(argument, `must be a safe integer, not ${typeof value === 'number' ? value : shown(value)}`);
  if (number < minimum) throw invalidArgument(argument, `must be at least ${minimum}, not ${number}`);
  return number;
}

/**
 * The end of the range that holds every key with this prefix (clientv3/op.go `GetPrefixRangeEnd`): the prefix with its
 * last byte below 0xff raised by one and the rest cut off. An empty or all-0xff prefix has no upper bound: `"\0"`.
 */
export function prefixEnd(prefix: Uint8Array): Buffer {
  for (let i = prefix.length - 1; i >= 0; i--) {
    const byte = prefix[i] as number;
    if (byte < 0xff) {
      const end = Buffer.from(prefix.subarray(0, i + 1));
      end[i] = byte + 1;
      return end;
    }
  }
  return OPEN_END;
}
