import type { Caller, Member } from '../member.ts';
import type * as m from '../messages.ts';
import { costOfPut, costOfTxn } from '../quota.ts';
import { checkDelete, checkPut, checkRange, checkRangeStream, checkTxn } from '../txn/check.ts';
import { deleteRange, put, txn } from '../txn/apply.ts';
import { checkOverlaps } from '../txn/overlaps.ts';
import { range, rangeParts } from '../txn/range.ts';
import type { Handlers } from './handlers.ts';

/** The KV service (server/etcdserver/api/v3rpc/key.go). */
export function kv(member: Member): Handlers {
  const { store, lessor, guard, options } = member;
  /** Adds the other fields of a header to a response's revision. */
  const headed = <R extends m.HeaderResponse>(response: R): R => ({
    ...response,
    header: member.header(Number(response.header?.revision ?? store.revision)),
  });
  const isReadOnly = ({ success, failure }: m.TxnRequest): boolean =>
    [...success, ...failure].every(({ requestRange }) => requestRange);

  return {
    unary: {
      'KV.Range': (request: m.RangeRequest, caller) => {
        checkRange(request);
        guard.read(member.userOf(caller), request.key, request.rangeEnd);
        return headed(range(store, request));
      },
      'KV.Put': (request: m.PutRequest, caller) => {
        const cost = costOfPut(request);
        member.checkSpace(caller, cost);
        checkPut(request);
        guard.put(member.proposeChange(caller, cost), request);
        return headed(put(store, lessor, request));
      },
      'KV.DeleteRange': (request: m.DeleteRangeRequest, caller) => {
        checkDelete(request);
        guard.deleteRange(member.proposeChange(caller, 0), request);
        return headed(deleteRange(store, request));
      },
      'KV.Txn': (request: m.TxnRequest, caller) => {
        const cost = costOfTxn(request);
        member.checkSpace(caller, cost);
        checkTxn(request, options.maxTxnOps);
        checkOverlaps(request.success);
        checkOverlaps(request.failure);
        guard.txn(isReadOnly(request) ? member.userOf(caller) : member.proposeChange(caller, cost), request);
        return headed(txn(store, lessor, request));
      },
      'KV.Compact': ({ revision }: m.CompactionRequest, caller) => {
        member.checkAdmin(caller);
        member.proposeChange(caller, 0);
        store.compact(revision);
        return { header: member.header() };
      },
    },
    parts: {
      *'KV.RangeStream'(request: m.RangeRequest, caller: Caller, sizeOf: (response: object) => number) {
        checkRangeStream(request);
        guard.read(member.userOf(caller), request.key, request.rangeEnd);
        const size = (rangeResponse: m.RangeResponse): number => sizeOf({ rangeResponse });
        for (const part of rangeParts(store, request, size, options.maxRequestBytes)) {
          yield { rangeResponse: part.header === undefined ? part : headed(part) };
        }
      },
    },
  };
}
