import type { CallOptions } from '../call.ts';
import type {
  CompactionRequest,
  CompactionResponse,
  DeleteRangeRequest,
  DeleteRangeResponse,
  PutRequest,
  PutResponse,
  RangeRequest,
  RangeResponse,
  TxnRequest,
  TxnResponseMessage,
} from '../messages.ts';

/**
 * Every KV operation of etcd, in messages (etcdserverpb.KV). Wrappers implement it whole, so that an operation that
 * etcd gains is a compile error in each of them and never slips past one.
 */
export interface KVService {
  range(request: RangeRequest, options: CallOptions): Promise<RangeResponse>;
  /** Reads a range in parts (etcd 3.7). On older servers it fails with `UNIMPLEMENTED` before the first part. */
  rangeStream(request: RangeRequest, options: CallOptions): AsyncIterable<RangeResponse>;
  put(request: PutRequest, options: CallOptions): Promise<PutResponse>;
  deleteRange(request: DeleteRangeRequest, options: CallOptions): Promise<DeleteRangeResponse>;
  txn(request: TxnRequest, options: CallOptions): Promise<TxnResponseMessage>;
  compact(request: CompactionRequest, options: CallOptions): Promise<CompactionResponse>;
}
