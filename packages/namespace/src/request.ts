// Makes new KV requests with every key behind the prefix, at any depth of a transaction.
import type { Compare, Op } from '@etcdts/core';
import type { PutRequest, TxnRequest } from '@etcdts/core/plugin';
import type { LeaseRegistry } from './lease-registry.ts';
import type { Scope } from './range.ts';

/** Puts a request behind the prefix. Refuses one that would attach its key to a lease that is not this namespace's. */
export function putIn(request: PutRequest, scope: Scope, leases: LeaseRegistry): PutRequest {
  const scoped = scope.in(request);
  // With a foreign lease, its owner or its expiry would delete our key.
  if (scoped.lease !== undefined && scoped.lease !== 0n) leases.require(scoped.lease);
  return scoped;
}

/** Puts a transaction behind the prefix: its compares, both branches and every transaction inside them. */
export function txnIn(request: TxnRequest, scope: Scope, leases: LeaseRegistry): TxnRequest {
  const opIn = (op: Op): Op => {
    switch (op.type) {
      case 'get':
        return { type: 'get', request: scope.in(op.request) };
      case 'put':
        return { type: 'put', request: putIn(op.request, scope, leases) };
      case 'delete':
        return { type: 'delete', request: scope.in(op.request) };
      case 'txn':
        return { type: 'txn', request: txnIn(op.request, scope, leases) };
    }
  };
  return {
    // Array.from is used because an array's own `map` could return anything.
    compare: Array.from(request.compare, (compare): Compare => scope.in(compare)),
    success: Array.from(request.success, opIn),
    failure: Array.from(request.failure, opIn),
  };
}
