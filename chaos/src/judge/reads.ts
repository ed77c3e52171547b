import type { Operation, Pages } from '../history.ts';
import { count, isSerializable } from './calls.ts';
import type { ModelCall } from './model.ts';
import { toRange } from './requests.ts';
import { toKvs } from './responses.ts';

/** A read that is compared with the state of its revision. */
export interface Read {
  readonly revision: number;
  readonly call: ModelCall;
}

/** Gathers the reads that may be stale: serializable ones, at the revision of the answer, those of a past revision, and pages. */
export function readsOf(
  operations: readonly Operation[],
  pages: readonly Pages[],
  leftOut: Map<string, number>,
): Read[] {
  const reads: Read[] = [];
  for (const operation of operations) {
    const { request, answer } = operation;
    if (answer === undefined) continue;
    if (request.type === 'txn' && isSerializable(operation)) count(leftOut, 'transaction of serializable reads');
    if (request.type !== 'get' || answer.type !== 'get') continue;
    if (!request.serializable && request.revision === undefined) continue;
    if (request.countOnly) count(leftOut, 'count without keys');
    else {
      const revision = request.revision ?? operation.revision ?? 0;
      reads.push(read({ ...request, revision }, revision, answer.kvs, answer.count, operation));
    }
  }
  for (const one of pages) {
    const { key, end, revision, kvs } = one;
    reads.push(read({ type: 'get', key, end, revision }, revision, kvs, kvs.length, one));
  }
  return reads;
}

function read(
  request: Parameters<typeof toRange>[0],
  revision: number,
  kvs: Parameters<typeof toKvs>[0]['kvs'],
  total: number,
  { call: Call, return: end }: { readonly call: number; readonly return: number },
): Read {
  const Output = { Range: toKvs({ kvs, count: total }), Revision: revision };
  const Input = { Type: 'range' as const, Range: toRange(request) };
  return { revision, call: { ClientID: 0, Input, Call, Output, Return: Math.max(Call + 1, end) } };
}
