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
import { methods } from '../methods.ts';
import type { Pipeline } from '../pipeline/pipeline.ts';
import type { KVService } from './service.ts';

/** The KV operations as RPCs, through the pipeline (clientv3/kv.go). */
export class KVRpc implements KVService {
  readonly #pipeline: Pipeline;

  constructor(pipeline: Pipeline) {
    this.#pipeline = pipeline;
  }

  range(request: RangeRequest, options: CallOptions): Promise<RangeResponse> {
    return this.#pipeline.unary(methods.range, request, options);
  }

  async *rangeStream(request: RangeRequest, options: CallOptions): AsyncIterable<RangeResponse> {
    const stream = this.#pipeline.stream(methods.rangeStream, request, options);
    for await (const part of stream) yield part.rangeResponse;
  }

  put(request: PutRequest, options: CallOptions): Promise<PutResponse> {
    return this.#pipeline.unary(methods.put, request, options);
  }

  deleteRange(request: DeleteRangeRequest, options: CallOptions): Promise<DeleteRangeResponse> {
    return this.#pipeline.unary(methods.deleteRange, request, options);
  }

  txn(request: TxnRequest, options: CallOptions): Promise<TxnResponseMessage> {
    return this.#pipeline.unary(methods.txn, request, options);
  }

  compact(request: CompactionRequest, options: CallOptions): Promise<CompactionResponse> {
    return this.#pipeline.unary(methods.compact, request, options);
  }
}
