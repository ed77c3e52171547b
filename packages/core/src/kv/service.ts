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
  /** Reads a key or a range, in one message (KV.Range). */
  range(request: RangeRequest, options: CallOptions): Promise<RangeResponse>;
  /** Reads a range in parts (etcd 3.7). On older servers it fails with `UNIMPLEMENTED` before the first part. */
  rangeStream(request: RangeRequest, options: CallOptions): AsyncIterable<RangeResponse>;
  /** Writes a key (KV.Put). */
  put(request: PutRequest, options: CallOptions): Promise<PutResponse>;
  /** Deletes a key or a range (KV.DeleteRange). */
  deleteRange(request: DeleteRangeRequest, options: CallOptions): Promise<DeleteRangeResponse>;
  /** Applies one of two lists of operations, in one revision (KV.Txn). */
  txn(request: TxnRequest, options: CallOptions): Promise<TxnResponseMessage>;
  /** Forgets history (KV.Compact). */
  compact(request: CompactionRequest, options: CallOptions): Promise<CompactionResponse>;
}
