// Makes new KV responses with every key checked and cut, at any depth of a transaction. Fields are named one by one, because the
// response of another wrapper may inherit them, and because a new field is then a compile error here.
import { EtcdError } from '@etcdts/core';
import type { Op, PutResponse } from '@etcdts/core';
import type {
  DeleteRangeResponse,
  RangeResponse,
  ResponseOp,
  TxnRequest,
  TxnResponseMessage,
} from '@etcdts/core/plugin';
import type { Scope } from './range.ts';
import type { Answering } from './violation.ts';

/** Converts a range's response to keys without the prefix. */
export function rangeOut(response: RangeResponse, scope: Scope, method: Answering): RangeResponse {
  const { header, kvs, more, count } = response;
  return { header, kvs: kvs.map((kv) => scope.out(kv, method)), more, count };
}

/** Converts a put's response with its previous key value. */
export function putOut(response: PutResponse, scope: Scope, method: Answering): PutResponse {
  const { header, prevKv } = response;
  return prevKv === undefined ? { header } : { header, prevKv: scope.out(prevKv, method) };
}

/** Converts a delete's response with its previous key values. */
export function deleteRangeOut(response: DeleteRangeResponse, scope: Scope, method: Answering): DeleteRangeResponse {
  const { header, deleted, prevKvs } = response;
  return { header, deleted, prevKvs: prevKvs.map((kv) => scope.out(kv, method)) };
}

/**
 * Converts a transaction's response, checked against its request. A response of another shape is refused, so that it is never
 * deeper than the request.
 */
export function txnOut(
  request: TxnRequest,
  response: TxnResponseMessage,
  scope: Scope,
  method: Answering,
): TxnResponseMessage {
  const { header, succeeded, responses } = response;
  const branch = succeeded ? request.success : request.failure;
  if (responses.length !== branch.length) throw misshapen(method);
  return { header, succeeded, responses: branch.map((op, i) => responseOpOut(op, responses[i], scope, method)) };
}

function responseOpOut(op: Op, answer: ResponseOp | undefined, scope: Scope, method: Answering): ResponseOp {
  switch (answer?.type) {
    case 'get':
      if (op.type === 'get') return { type: 'get', response: rangeOut(answer.response, scope, method) };
      break;
    case 'put':
      if (op.type === 'put') return { type: 'put', response: putOut(answer.response, scope, method) };
      break;
    case 'delete':
      if (op.type === 'delete') return { type: 'delete', response: deleteRangeOut(answer.response, scope, method) };
      break;
    case 'txn':
      if (op.type === 'txn') return { type: 'txn', response: txnOut(op.request, answer.response, scope, method) };
      break;
  }
  throw misshapen(method);
}

function misshapen(method: Answering): Error {
  const message = 'etcd answered with other operations than the transaction holds';
  const { name, outcome } = method;
  return new EtcdError({ code: 'INTERNAL', message, outcome, method: name, attempts: 1 });
}
