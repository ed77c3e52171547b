import type { Compare, KeyValue } from '../messages.ts';
import { toRange } from '../store/range.ts';
import type { Store } from '../store/store.ts';

type Operand = NonNullable<Compare['targetUnion']>;

const OPERANDS: readonly Operand[] = ['version', 'createRevision', 'modRevision', 'value', 'lease'];
const EMPTY = Buffer.alloc(0);
/** The fields with which an absent key is compared. */
const ABSENT: KeyValue = { key: EMPTY, createRevision: 0, modRevision: 0, version: 0, value: EMPTY, lease: 0n };

/** Whether all keys of the compare's range hold its condition (txn.applyCompare). */
export function holds(store: Store, compare: Compare): boolean {
  const { kvs } = store.range(toRange(compare.key, compare.rangeEnd));
  if (kvs.length > 0) return kvs.every((kv) => holdsFor(kv, compare));
  // A missing value looks like an empty one, so that no condition on it holds.
  return OPERANDS[compare.target] !== 'value' && holdsFor(ABSENT, compare);
}

function holdsFor(kv: KeyValue, compare: Compare): boolean {
  const order = orderOf(kv, compare);
  switch (compare.result) {
    case 0:
      return order === 0;
    case 1:
      return order > 0;
    case 2:
      return order < 0;
    case 3:
      return order !== 0;
    default:
      return true;
  }
}

function orderOf(kv: KeyValue, compare: Compare): number {
  const operand = OPERANDS[compare.target];
  if (operand === undefined) return 0;
  // An operand for another target is ignored.
  const given = compare.targetUnion === operand ? compare[operand] : undefined;
  if (operand === 'value') return Buffer.compare(kv.value, (given as Buffer | undefined) ?? EMPTY);
  const [actual, expected] = [BigInt(kv[operand]), (given as bigint | undefined) ?? 0n];
  return actual < expected ? -1 : actual > expected ? 1 : 0;
}
