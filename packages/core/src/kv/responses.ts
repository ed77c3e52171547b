import { EtcdError } from '../errors.ts';
import type {
  CompactionResponse,
  DeleteOp,
  DeleteRangeResponse,
  GetOp,
  Op,
  PutOp,
  PutResponse,
  RangeResponse,
  ResponseHeader,
  TxnOp,
  TxnRequest,
  TxnResponseMessage,
} from '../messages.ts';
import type { NestedTxnOp } from './op.ts';
import { methods } from '../methods.ts';

/** The response of a get: `kvs`, `count` of the whole range, `more` if `limit` cut. A missing key is no error. */
export type GetResponse = RangeResponse;
/** The response of a delete. `deleted` is the number of deleted keys; 0 is no error. */
export type DeleteResponse = DeleteRangeResponse;
/** The response of a compaction. */
export type CompactResponse = CompactionResponse;

/** The response of one operation. */
export type OpResponse<O extends Op> = O extends GetOp
  ? GetResponse
  : O extends PutOp
    ? PutResponse
    : O extends DeleteOp
      ? DeleteResponse
      : O extends NestedTxnOp<infer Then, infer Else>
        ? TxnResponse<Then, Else>
        : O extends TxnOp
          ? TxnResponse
          : never;

/** The responses of a branch of a transaction: one for each operation, in order. */
export type OpResponses<Ops extends readonly Op[]> = { readonly [I in keyof Ops]: OpResponse<Ops[I]> };

/** The response of a transaction. `succeeded` is the branch that ran, which decides the types of `responses`. */
export type TxnResponse<Then extends readonly Op[] = readonly Op[], Else extends readonly Op[] = readonly Op[]> =
  | {
      /** Who answered, and the revision of what the transaction wrote; if it wrote nothing, of the store. */
      readonly header: ResponseHeader;
      /** Every condition held, and `then` ran. */
      readonly succeeded: true;
      /** The responses of `then`. */
      readonly responses: OpResponses<Then>;
    }
  | {
      /** Who answered, and the revision of what the transaction wrote; if it wrote nothing, of the store. */
      readonly header: ResponseHeader;
      /** A condition did not hold, and `else` ran. */
      readonly succeeded: false;
      /** The responses of `else`. */
      readonly responses: OpResponses<Else>;
    };

/** Checks a transaction's response against its request. A response to another request is an error. */
export function txnResponse<Then extends readonly Op[], Else extends readonly Op[]>(
  request: TxnRequest,
  { header, succeeded, responses }: TxnResponseMessage,
): TxnResponse<Then, Else> {
  const sent = succeeded ? request.success : request.failure;
  if (sent.length !== responses.length) throw mismatch(`${responses.length} responses to ${sent.length} operations`);
  const answers = sent.map((op, i) => {
    const answer = responses[i];
    if (answer === undefined || answer.type !== op.type) throw mismatch(`a ${answer?.type} response to a ${op.type}`);
    return answer.type === 'txn' ? txnResponse((op as TxnOp).request, answer.response) : answer.response;
  });
  return { header, succeeded, responses: answers } as unknown as TxnResponse<Then, Else>;
}

function mismatch(what: string): EtcdError {
  const message = `the server answered a transaction with ${what}`;
  return new EtcdError({ code: 'INTERNAL', message, outcome: 'unknown', method: methods.txn.label, attempts: 1 });
}
