// Converts operations of the model for etcd, and etcd's answers to those of the model.
import { compare, op } from '@etcdts/core';
import type { Compare, KeyValue, Op } from '@etcdts/core';
import type { Answer, Row } from './model.ts';
import type { CompareSpec, OpSpec, RangeSpec } from './specs.ts';

/** Converts text of the model to bytes for etcd. */
export function bytes(text: string): Buffer {
  return Buffer.from(text, 'latin1');
}

/** Converts an operation for etcd. */
export function toOp(spec: OpSpec): Op {
  switch (spec.type) {
    case 'get': {
      const { type: _, range, ...options } = spec;
      return op.get(bytes(range.key), { ...options, ...form(range) });
    }
    case 'put': {
      const { type: _, key, value, ...options } = spec;
      return op.put(bytes(key), bytes(value), options);
    }
    case 'delete':
      return op.delete(bytes(spec.range.key), { prevKv: spec.prevKv, ...form(spec.range) });
    case 'txn':
      return op.txn({ if: spec.compares.map(toCompare), then: spec.then.map(toOp), else: spec.else.map(toOp) });
  }
}

function toCompare({ range, target, result, operand }: CompareSpec): Compare {
  const forms = range.form === 'one' ? undefined : form(range);
  if (typeof operand === 'string') return compare.value(bytes(range.key), result, bytes(operand), forms);
  return compare[target as Exclude<CompareSpec['target'], 'value'>](bytes(range.key), result, operand, forms);
}

function form(range: RangeSpec): { prefix?: true; fromKey?: true; rangeEnd?: Buffer } {
  if (range.form === 'one') return {};
  return range.form === 'rangeEnd' ? { rangeEnd: bytes(range.rangeEnd ?? '') } : { [range.form]: true };
}

/** A key value as a row of the model. */
export function toRow({ key, value, createRevision, modRevision, version, lease }: KeyValue): Row {
  return { key: key.toString('latin1'), value: value.toString('latin1'), createRevision, modRevision, version, lease };
}

interface Answered {
  readonly kvs?: readonly KeyValue[];
  readonly count?: number;
  readonly more?: boolean;
  readonly prevKv?: KeyValue;
  readonly prevKvs?: readonly KeyValue[];
  readonly deleted?: number;
  readonly succeeded?: boolean;
  readonly responses?: readonly Answered[];
}

/** Converts etcd's answer to one of the model. */
export function toAnswer(spec: OpSpec, response: unknown): Answer {
  const { kvs, count, more, prevKv, prevKvs, deleted, succeeded, responses } = response as Required<Answered>;
  switch (spec.type) {
    case 'get':
      return { rows: kvs.map(toRow), count, more };
    case 'put':
      return { prevKv: prevKv && toRow(prevKv) };
    case 'delete':
      return { deleted, rows: prevKvs.map(toRow) };
    case 'txn': {
      const branch = succeeded ? spec.then : spec.else;
      return { succeeded, answers: responses.map((each, i) => toAnswer(branch[i] as OpSpec, each)) };
    }
  }
}

/**
 * Makes two answers comparable texts. If etcd sorts rows by a field that several share, it decides their order among themselves,
 * and which of them a limit leaves. Then only the sort fields are compared.
 */
export function inText(spec: OpSpec, answer: Answer): string {
  const visible = (each: OpSpec, given: Answer): unknown => {
    if (each.type === 'get' && 'rows' in given && each.keysOnly === true && each.sort?.by !== 'value') {
      // etcd 3.7 answers these from its index, which has no leases.
      return { ...given, rows: given.rows.map(({ lease: _, ...row }) => (each.sort ? row[each.sort.by] : row)) };
    }
    if (each.type === 'get' && 'rows' in given && each.sort !== undefined && each.sort.by !== 'key') {
      const { by } = each.sort;
      return { ...given, rows: given.rows.map((row) => row[by]) };
    }
    if (each.type === 'txn' && 'answers' in given) {
      const branch = given.succeeded ? each.then : each.else;
      return { ...given, answers: given.answers.map((inner, i) => visible(branch[i] as OpSpec, inner)) };
    }
    return given;
  };
  return print(visible(spec, answer));
}

/** Converts a value of the model to text. */
export function print(value: unknown): string {
  return JSON.stringify(value, (_, each: unknown) => (typeof each === 'bigint' ? `${each}n` : each));
}
