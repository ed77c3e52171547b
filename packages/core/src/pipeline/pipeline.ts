import type { CallContext, CallOptions, ClientStream } from '../call.ts';
import type { Method } from '../methods.ts';

/** The way by which services and hubs send RPCs: every interceptor of the client, then the wire. */
export interface Pipeline {
  /** Sends a unary RPC. Rejects with an EtcdError, or with the signal's own reason. `context` holds values for interceptors. */
  unary<Req, Res>(method: Method<Req, Res>, request: Req, options: CallOptions, context?: CallContext): Promise<Res>;
  /** Opens one attempt of a stream. It never throws; a failure to open ends the stream. */
  stream<Req, Res>(method: Method<Req, Res>, request: Req, options: CallOptions): ClientStream<Req, Res>;
}
