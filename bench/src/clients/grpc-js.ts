// The floor: @grpc/grpc-js with the client that @grpc/proto-loader makes from etcd's protos, and nothing around it.
import { fileURLToPath } from 'node:url';
import {
  type Client,
  type ClientDuplexStream,
  credentials,
  loadPackageDefinition,
  type requestCallback,
} from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import type { OnEvent, Subject, Watching } from './subject.ts';

interface KeyValue {
  readonly key: Buffer;
  readonly value: Buffer;
  readonly mod_revision: string;
}
interface RangeResponse {
  readonly kvs: readonly KeyValue[];
}
interface PutResponse {
  readonly header: { readonly revision: string };
}
interface TxnResponse {
  readonly succeeded: boolean;
  readonly responses: readonly { readonly response_range?: RangeResponse }[];
}
interface WatchResponse {
  readonly created: boolean;
  readonly events: readonly { readonly kv: KeyValue }[];
}
interface KVClient extends Client {
  Put(request: object, callback: requestCallback<PutResponse>): void;
  Range(request: object, callback: requestCallback<RangeResponse>): void;
  Txn(request: object, callback: requestCallback<TxnResponse>): void;
}
interface WatchClient extends Client {
  Watch(): ClientDuplexStream<object, WatchResponse>;
}
type Service<C> = new (address: string, channelCredentials: ReturnType<typeof credentials.createInsecure>) => C;
interface Package {
  readonly etcdserverpb: { readonly KV: Service<KVClient>; readonly Watch: Service<WatchClient> };
}

const protos = fileURLToPath(new URL('../../../packages/proto/etcd', import.meta.url));

function connect(address: string): { kv: KVClient; watch: WatchClient } {
  const definition = loadSync('rpc.proto', {
    keepCase: true,
    longs: String,
    enums: String,
    defaults: true,
    oneofs: true,
    includeDirs: [protos],
  });
  const { etcdserverpb } = loadPackageDefinition(definition) as unknown as Package;
  const insecure = credentials.createInsecure();
  return { kv: new etcdserverpb.KV(address, insecure), watch: new etcdserverpb.Watch(address, insecure) };
}

function unary<Res>(start: (callback: requestCallback<Res>) => void): Promise<Res> {
  return new Promise((resolve, reject) => {
    start((error, response) => (error === null ? resolve(response as Res) : reject(error)));
  });
}

function prefixEnd(prefix: string): Buffer {
  const end = Buffer.from(prefix);
  end[end.length - 1] = (end.at(-1) ?? 0) + 1;
  return end;
}

/** Opens one watch stream, sends the creates, and resolves when all of them are registered. */
async function openWatches(
  client: WatchClient,
  creates: readonly object[],
  onEvent: OnEvent,
): Promise<ClientDuplexStream<object, WatchResponse>> {
  const stream = client.Watch();
  await new Promise<void>((resolve, reject) => {
    let missing = creates.length;
    stream.on('error', reject);
    stream.on('data', (response: WatchResponse) => {
      if (response.created && --missing === 0) resolve();
      for (const { kv } of response.events) onEvent(kv.mod_revision, kv.key.length + kv.value.length);
    });
    for (const create_request of creates) stream.write({ create_request });
  });
  return stream;
}

export function grpcJs(address: string): Subject {
  const { kv, watch } = connect(address);
  return {
    async put(key, value) {
      const response = await unary<PutResponse>((done) => kv.Put({ key: Buffer.from(key), value }, done));
      return response.header.revision;
    },
    async get(key) {
      const response = await unary<RangeResponse>((done) => kv.Range({ key: Buffer.from(key) }, done));
      return response.kvs[0]?.value;
    },
    async txn(key, value) {
      const bytes = Buffer.from(key);
      const request = {
        compare: [{ key: bytes, target: 'VERSION', result: 'GREATER', version: 0 }],
        success: [{ request_put: { key: bytes, value } }, { request_range: { key: bytes } }],
      };
      const { succeeded, responses } = await unary<TxnResponse>((done) => kv.Txn(request, done));
      return succeeded ? responses[1]?.response_range?.kvs[0]?.value : undefined;
    },
    async range(prefix) {
      const request = { key: Buffer.from(prefix), range_end: prefixEnd(prefix) };
      let bytes = 0;
      const response = await unary<RangeResponse>((done) => kv.Range(request, done));
      for (const found of response.kvs) bytes += found.key.length + found.value.length;
      return bytes;
    },
    async watch(prefix, onEvent): Promise<Watching> {
      const create = { key: Buffer.from(prefix), range_end: prefixEnd(prefix) };
      const stream = await openWatches(watch, [create], onEvent);
      return {
        async stop() {
          stream.cancel();
        },
      };
    },
    async watches(keys) {
      const creates = keys.map((key) => ({ key: Buffer.from(key) }));
      await openWatches(watch, creates, () => undefined);
    },
    close() {
      kv.close();
      watch.close();
    },
  };
}
