// The transport under test: `ETCDTS_TRANSPORT=http2 npm test` runs the tests on @etcdts/http2 in place of grpc-js.
import { grpcTransport, type Lookup, type Transport } from '@etcdts/core/plugin';
import { http2Transport } from '@etcdts/http2';

/** Whether the tests run on @etcdts/http2. */
export const onHttp2 = process.env['ETCDTS_TRANSPORT'] === 'http2';

/** The transport under test, for tests that give their clients one. */
export function testTransport(options: { readonly lookup?: Lookup } = {}): Transport {
  return onHttp2 ? http2Transport(options) : grpcTransport(options);
}

/** grpc-js, for clients that have it whatever the transport under test is. The guard replaces what has the default's name. */
export function grpcInAnyCase(): Transport {
  return { ...grpcTransport(), name: 'grpc' };
}
