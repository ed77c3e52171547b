import { toBytes, toInt64, toKey, type Bytes } from '../bytes.ts';
import { noneOf } from '../describe.ts';
import { invalidArgument } from '../errors.ts';
import { checkOptions } from '../known-options.ts';
import type { Compare, CompareResult, CompareTarget } from '../messages.ts';
import type { Possible } from './possible.ts';
import { toRange, type RangeForms } from './range.ts';

const RESULTS: readonly CompareResult[] = ['=', '!=', '>', '<'];

/** The range of a compare. Every key in it must meet the condition. An empty range meets every condition except on a value. */
export type CompareRange = Omit<RangeForms, 'fromKey'>;

function make(
  key: Bytes,
  target: CompareTarget,
  result: CompareResult,
  operand: bigint | Buffer,
  range?: CompareRange,
): Compare {
  if (!RESULTS.includes(result)) throw invalidArgument('result', noneOf(result, RESULTS));
  if (range === undefined) return { key: toKey(key, 'key'), target, result, operand };
  checkOptions<CompareRange>(range, { prefix: 'boolean', rangeEnd: true });
  const where = toRange(key, range);
  return { key: where.key, rangeEnd: where.rangeEnd, target, result, operand };
}

/** Makes a condition on a version, a revision or a lease. */
export type IntegerCompare = <const O extends Possible<O, CompareRange>>(
  key: Bytes,
  result: CompareResult,
  operand: bigint | number,
  range?: O,
) => Compare;

function integer(target: CompareTarget, argument: string): IntegerCompare {
  return (key, result, operand, range) => make(key, target, result, toInt64(operand, argument, 0n), range);
}

/**
 * Makes the conditions of a transaction (clientv3/compare.go): `compare.version('k', '=', 0)`. A missing key has version,
 * revisions and lease 0; a compare of the value of a missing key is always false.
 */
export const compare: {
  /** On the value, by bytes. `<` and `>` compare them in their order. */
  readonly value: <const O extends Possible<O, CompareRange>>(
    key: Bytes,
    result: CompareResult,
    operand: Bytes,
    range?: O,
  ) => Compare;
  /** On the version: how often the key was written since its creation; 0 if it is missing. */
  readonly version: IntegerCompare;
  /** On the revision of the creation; 0 if the key is missing. */
  readonly createRevision: IntegerCompare;
  /** On the revision of the last write; 0 if the key is missing. */
  readonly modRevision: IntegerCompare;
  /** On the id of the lease; 0 if the key has none, or is missing. */
  readonly lease: IntegerCompare;
} = {
  value: (key, result, operand, range) => make(key, 'value', result, toBytes(operand, 'value'), range),
  version: integer('version', 'version'),
  createRevision: integer('createRevision', 'createRevision'),
  modRevision: integer('modRevision', 'modRevision'),
  lease: integer('lease', 'lease'),
};

/** The condition that a key exists (clientv3util `KeyExists`). */
export function keyExists(key: Bytes): Compare {
  return compare.version(key, '>', 0);
}

/** The condition that a key does not exist (clientv3util `KeyMissing`). */
export function keyMissing(key: Bytes): Compare {
  return compare.version(key, '=', 0);
}
