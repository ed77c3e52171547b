import { toBytes, toCount, toInt64, toKey, type Bytes } from '../bytes.ts';
import { NO_OPTIONS, ownOptions } from '../call-options.ts';
import { describe, noneOf } from '../describe.ts';
import { invalidArgument } from '../errors.ts';
import { checkKnown, optionTable, type OptionTable } from '../known-options.ts';
import type { Compare, DeleteOp, GetOp, Op, PutOp, SortOrder, SortTarget, TxnOp } from '../messages.ts';
import type { Possible } from './possible.ts';
import { toRange, type RangeForms } from './range.ts';

/** Options of a get, alone or in a transaction (clientv3/op.go; etcdserverpb.RangeRequest). */
export interface GetOpOptions extends RangeForms {
  /** The largest number of keys; 0, the default, means all. `more` is whether there are more. */
  limit?: number | undefined;
  /** The revision to read; 0, the default, means the present one. */
  revision?: bigint | number | undefined;
  /** Whether one member answers without the cluster. That is fast, works without a quorum, and may be stale. */
  serializable?: boolean | undefined;
  /** Whether to read keys without values. */
  keysOnly?: boolean | undefined;
  /** Whether to read only `count`, without keys. */
  countOnly?: boolean | undefined;
  /** The order in which etcd sorts before `limit` cuts. By key, ascending, is etcd's natural order. */
  sort?:
    | {
        /** The property by which keys are sorted. Keys of equal ones have no order. */
        by: SortTarget;
        /** The direction. */
        order: Exclude<SortOrder, 'none'>;
      }
    | undefined;
  /** Only keys that were last written at this revision or later. */
  minModRevision?: bigint | number | undefined;
  /** Only keys that were last written at this revision or earlier. */
  maxModRevision?: bigint | number | undefined;
  /** Only keys that were created at this revision or later. */
  minCreateRevision?: bigint | number | undefined;
  /** Only keys that were created at this revision or earlier. */
  maxCreateRevision?: bigint | number | undefined;
}

/** The names of a get's options. */
export const GET_OPTIONS: OptionTable = ownOptions<GetOpOptions>({
  prefix: 'boolean',
  fromKey: 'boolean',
  rangeEnd: true,
  limit: true,
  revision: true,
  serializable: 'boolean',
  keysOnly: 'boolean',
  countOnly: 'boolean',
  sort: checkSort,
  minModRevision: true,
  maxModRevision: true,
  minCreateRevision: true,
  maxCreateRevision: true,
});

/** Options of a put (etcdserverpb.PutRequest). */
export interface PutOpOptions {
  /** The lease of the key. Without one the key stays, and is detached from an earlier lease. */
  lease?: bigint | number | undefined;
  /** Whether the response has the key as it was before. */
  prevKv?: boolean | undefined;
  /** Whether to keep the value and change only the lease. The key must exist, and the value must be empty. */
  ignoreValue?: boolean | undefined;
  /** Whether to keep the lease and change only the value. The key must exist. */
  ignoreLease?: boolean | undefined;
}

/** The names of a put's options. */
export const PUT_OPTIONS: OptionTable = ownOptions<PutOpOptions>({
  lease: true,
  prevKv: 'boolean',
  ignoreValue: 'boolean',
  ignoreLease: 'boolean',
});

/** Options of a delete (etcdserverpb.DeleteRangeRequest). */
export interface DeleteOpOptions extends RangeForms {
  /** Whether the response has the keys as they were before. */
  prevKv?: boolean | undefined;
}

/** The names of a delete's options. */
export const DELETE_OPTIONS: OptionTable = ownOptions<DeleteOpOptions>({
  prefix: 'boolean',
  fromKey: 'boolean',
  rangeEnd: true,
  prevKv: 'boolean',
});

/** The input of a transaction: conditions, and the operations if all hold or if not. */
export interface TxnInput<Then extends readonly Op[] = readonly Op[], Else extends readonly Op[] = readonly Op[]> {
  /** Conditions, made by `compare`, `keyExists` and `keyMissing`. Without any, `then` runs. */
  if?: readonly Compare[] | undefined;
  /** Operations, made by `op`, that run if every condition holds. */
  then?: Then | undefined;
  /** Operations that run if one does not. */
  else?: Else | undefined;
}

const TXN_PARTS = ownOptions<TxnInput>({ if: true, then: true, else: true });

/** A transaction within a transaction, with the types of its branches. */
export interface NestedTxnOp<Then extends readonly Op[], Else extends readonly Op[]> extends TxnOp {
  /** Never set. It carries the types of the branches. */
  readonly branches?: {
    /** The operations if every condition holds. */
    then: Then;
    /** The operations if one does not. */
    else: Else;
  };
}

const SORT_TARGETS: readonly SortTarget[] = ['key', 'version', 'createRevision', 'modRevision', 'value'];
const SORT_ORDERS: readonly SortOrder[] = ['ascend', 'descend'];
const SORT_OPTIONS = optionTable({ by: true, order: true });
const MAX_DEPTH = 64;

function checkSort(value: unknown, argument: string): void {
  checkKnown(value as object, SORT_OPTIONS, argument);
  const { by, order } = value as { readonly by: SortTarget; readonly order: unknown };
  if (!SORT_TARGETS.includes(by)) {
    throw invalidArgument(`${argument}.by`, noneOf(by, SORT_TARGETS), 'INVALID_SORT_OPTION');
  }
  if (!SORT_ORDERS.includes(order as SortOrder)) {
    throw invalidArgument(`${argument}.order`, noneOf(order, SORT_ORDERS), 'INVALID_SORT_OPTION');
  }
}

/** Makes a get. It does not check for unknown options. */
export function getOp(key: Bytes, options: GetOpOptions): GetOp {
  const { limit, revision, serializable, keysOnly, countOnly, sort } = options;
  const revisionOf = (value: bigint | number | undefined, argument: string): bigint | undefined =>
    value === undefined ? undefined : toInt64(value, argument, 0n);
  // It is built field by field, because an object that begins with a spread takes V8's slow path, several µs for each.
  const range = toRange(key, options);
  return {
    type: 'get',
    request: {
      key: range.key,
      rangeEnd: range.rangeEnd,
      limit: limit === undefined ? undefined : toCount(limit, 'limit'),
      revision: revisionOf(revision, 'revision'),
      sortTarget: sort?.by,
      sortOrder: sort?.order,
      serializable,
      keysOnly,
      countOnly,
      minModRevision: revisionOf(options.minModRevision, 'minModRevision'),
      maxModRevision: revisionOf(options.maxModRevision, 'maxModRevision'),
      minCreateRevision: revisionOf(options.minCreateRevision, 'minCreateRevision'),
      maxCreateRevision: revisionOf(options.maxCreateRevision, 'maxCreateRevision'),
    },
  };
}

/** Makes a put. It does not check for unknown options. */
export function putOp(key: Bytes, value: Bytes, options: PutOpOptions): PutOp {
  const { lease, prevKv, ignoreValue, ignoreLease } = options;
  const bytes = toBytes(value, 'value');
  if (ignoreValue === true && bytes.length > 0) {
    throw invalidArgument('value', "must be empty ('') with ignoreValue", 'VALUE_PROVIDED');
  }
  const leaseId = lease === undefined ? undefined : toInt64(lease, 'lease', 0n);
  if (ignoreLease === true && leaseId) throw invalidArgument('lease', 'cannot go with ignoreLease', 'LEASE_PROVIDED');
  return {
    type: 'put',
    request: { key: toKey(key, 'key'), value: bytes, lease: leaseId, prevKv, ignoreValue, ignoreLease },
  };
}

/** Makes a delete. It does not check for unknown options. */
export function deleteOp(key: Bytes, options: DeleteOpOptions): DeleteOp {
  const range = toRange(key, options);
  return { type: 'delete', request: { key: range.key, rangeEnd: range.rangeEnd, prevKv: options.prevKv } };
}

function get(key: Bytes, options: GetOpOptions = NO_OPTIONS): GetOp {
  checkKnown(options, GET_OPTIONS);
  return getOp(key, options);
}

function put(key: Bytes, value: Bytes, options: PutOpOptions = NO_OPTIONS): PutOp {
  checkKnown(options, PUT_OPTIONS);
  return putOp(key, value, options);
}

function del(key: Bytes, options: DeleteOpOptions = NO_OPTIONS): DeleteOp {
  checkKnown(options, DELETE_OPTIONS);
  return deleteOp(key, options);
}

function txn<const Then extends readonly Op[] = readonly [], const Else extends readonly Op[] = readonly []>(
  input: TxnInput<Then, Else>,
): NestedTxnOp<Then, Else> {
  if (typeof input !== 'object' || input === null)
    throw invalidArgument('input', `must be an object, { if, then, else }, not ${describe(input)}`);
  checkKnown(input, TXN_PARTS);
  return {
    type: 'txn',
    request: { compare: list(input.if, 'if'), success: ops(input.then, 'then'), failure: ops(input.else, 'else') },
  };
}

function list<T>(values: readonly T[] | undefined, argument: string): readonly T[] {
  if (values === undefined) return [];
  if (!Array.isArray(values)) throw invalidArgument(argument, `must be an array, not ${describe(values)}`);
  return [...(values as readonly T[])];
}

function ops(values: readonly Op[] | undefined, argument: string, depth = 0): readonly Op[] {
  if (depth > MAX_DEPTH) throw invalidArgument(argument, `nests transactions deeper than ${MAX_DEPTH}`);
  return list(values, argument).map((one, index) => {
    const type: unknown = (one as Op | undefined)?.type;
    if (type === 'txn') {
      const { success, failure } = (one as TxnOp).request;
      ops(success, argument, depth + 1);
      ops(failure, argument, depth + 1);
    } else if (type !== 'get' && type !== 'put' && type !== 'delete') {
      throw invalidArgument(
        `${argument}[${index}]`,
        'is no operation; make them with op.get, op.put, op.delete and op.txn',
      );
    }
    return one;
  });
}

/** Makes the operations of `do` and of transactions (clientv3 `OpGet`, `OpPut`, `OpDelete`, `OpTxn`). Sends nothing. */
export const op: {
  /** A read of a key or a range. */
  get<const O extends Possible<O, GetOpOptions>>(key: Bytes, options?: O): GetOp;
  /** A write of a key. */
  put(key: Bytes, value: Bytes, options?: PutOpOptions): PutOp;
  /** The deletion of a key or a range. */
  delete<const O extends Possible<O, DeleteOpOptions>>(key: Bytes, options?: O): DeleteOp;
  /** A transaction inside another one. */
  txn<const Then extends readonly Op[] = readonly [], const Else extends readonly Op[] = readonly []>(
    input: TxnInput<Then, Else>,
  ): NestedTxnOp<Then, Else>;
} = { get, put, delete: del, txn };
