import type { CallContext, CallOptions, ClientStream } from '../call.ts';
import type { Method } from '../methods.ts';

/** What services and hubs send RPCs through: every interceptor of the client, then the wire. */
export interface Pipeline {
  /** Rejects with an EtcdError, or with the signal's own reason. `context`: what the caller leaves for interceptors. */
  unary<Req, Res>(method: Method<Req, Res>, request: Req, options: CallOptions, context?: CallContext): Promise<Res>;
  /** Opens one stream attempt; never throws: a failure to open ends the stream. */
  stream<Req, Res>(method: Method<Req, Res>, request: Req, options: CallOptions): ClientStream<Req, Res>;
}
