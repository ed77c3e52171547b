import { methods } from '@etcdts/core/plugin';
import type { KVService } from '@etcdts/core/plugin';
import type { LeaseRegistry } from './lease-registry.ts';
import type { Scope } from './range.ts';
import { putIn, txnIn } from './request.ts';
import { deleteRangeOut, putOut, rangeOut, txnOut } from './response.ts';
import { refused } from './violation.ts';
import type { Answering } from './violation.ts';

const RANGE: Answering = { name: methods.range.label, outcome: 'not-applied' };
const RANGE_STREAM: Answering = { name: methods.rangeStream.label, outcome: 'not-applied' };
const PUT: Answering = { name: methods.put.label, outcome: 'unknown' };
const DELETE_RANGE: Answering = { name: methods.deleteRange.label, outcome: 'unknown' };
const TXN: Answering = { name: methods.txn.label, outcome: 'unknown' };

/** KV behind a prefix (clientv3 namespace/kv.go, and also the streamed range). Compaction is refused unless it is allowed. */
export function scopeKV(next: KVService, scope: Scope, leases: LeaseRegistry, allowCompact: boolean): KVService {
  return {
    async range(request, options) {
      return rangeOut(await next.range(scope.in(request), options), scope, RANGE);
    },
    async *rangeStream(request, options) {
      for await (const part of next.rangeStream(scope.in(request), options)) yield rangeOut(part, scope, RANGE_STREAM);
    },
    async put(request, options) {
      return putOut(await next.put(putIn(request, scope, leases), options), scope, PUT);
    },
    async deleteRange(request, options) {
      return deleteRangeOut(await next.deleteRange(scope.in(request), options), scope, DELETE_RANGE);
    },
    async txn(request, options) {
      // The response is checked against the request as it was sent, which no caller can change meanwhile.
      const sent = txnIn(request, scope, leases);
      return txnOut(sent, await next.txn(sent, options), scope, TXN);
    },
    async compact(request, options) {
      if (!allowCompact) throw refused('compact destroys the history of every namespace; see allowCompact');
      return next.compact(request, options);
    },
  };
}
