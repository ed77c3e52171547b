import type { CallOptions, ClientStream } from './call.ts';
import type { CallOptionNames } from './call-options.ts';
import { invalidArgument } from './errors.ts';
import { internalsOf } from './internals.ts';
import type { Method } from './methods.ts';
import type { EtcdOperations } from './operations.ts';
import type { Pipeline } from './pipeline/pipeline.ts';
import { traced } from './traced.ts';

/**
 * Sends a unary RPC through every interceptor of a client, for packages that add operations of etcd, such as auth, or of another
 * service (`defineService`). It takes a client of `createClient` or `intercept`. It throws `INVALID_ARGUMENT` for a wrapped client,
 * whose wrapper the RPC would bypass, for a method that is not unary, and for an option that the client does not understand.
 */
export function invoke<Req, Res>(
  client: EtcdOperations,
  method: Method<Req, Res>,
  request: Req,
  options?: CallOptions,
): Promise<Res> {
  const { pipeline, names } = unwrapped(client);
  return traced(pipeline.unary(method, request, names.of(options)));
}

/**
 * Opens a stream through every interceptor of a client, as `invoke` does for a unary RPC. `request` is the one message of a
 * stream on which only the server sends, and `undefined` for a stream whose messages go through `send`. A stream that cannot be
 * opened fails when it is read, with `INVALID_ARGUMENT` if the method is not a stream.
 */
export function invokeStream<Req, Res>(
  client: EtcdOperations,
  method: Method<Req, Res>,
  request?: Req,
  options?: CallOptions,
): ClientStream<Req, Res> {
  const { pipeline, names } = unwrapped(client);
  return pipeline.stream(method, request as Req, names.of(options));
}

function unwrapped(client: EtcdOperations): { readonly pipeline: Pipeline; readonly names: CallOptionNames } {
  const { pipeline, names } = internalsOf(client);
  if (pipeline !== undefined) return { pipeline, names };
  throw invalidArgument(
    'client',
    'is a wrapped client, whose wrapper the RPC would bypass: pass what createClient or intercept returned',
  );
}
