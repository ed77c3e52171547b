/**
 * `@etcdts/http2` is a transport for an etcd client with an HTTP/2 connection of its own, made for speed.
 *
 * Create it with `http2Transport()`, and attach it in place of the default, which is over @grpc/grpc-js:
 *
 * ```ts
 * const client = createClient({ endpoints: 'localhost:2379', transport: http2Transport() });
 * ```
 *
 * Use the client as before: what it does, and its errors, are the same.
 *
 * @module
 *
 * @packageDocumentation
 */
export { http2Transport, type Http2TransportOptions } from './http2.ts';
