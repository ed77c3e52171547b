// The floor: @grpc/grpc-js with the client that @grpc/proto-loader makes from etcd's protos, and nothing around it.
import { fileURLToPath } from 'node:url';
import {
  type Client,
  type ClientDuplexStream,
  type ClientReadableStream,
  credentials,
  loadPackageDefinition,
  type requestCallback,
} from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { prefixEnd } from '@etcdts/core/plugin';
import { KeptLeases, type LeaseGrant, type LeaseKeepAlive } from './grpc-js-leases.ts';
import type { OnEvent, Running, Subject, Target } from './subject.ts';

interface KeyValue {
  readonly key: Buffer;
  readonly value: Buffer;
  readonly mod_revision: string;
}
interface RangeResponse {
  readonly header: { readonly revision: string };
  readonly kvs: readonly KeyValue[];
  readonly more: boolean;
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
interface LeaseClient extends Client {
  LeaseGrant(request: object, callback: requestCallback<LeaseGrant>): void;
  LeaseKeepAlive(): ClientDuplexStream<object, LeaseKeepAlive>;
}
interface MaintenanceClient extends Client {
  Snapshot(request: object): ClientReadableStream<{ readonly blob: Buffer }>;
}
type Service<C> = new (address: string, channelCredentials: ReturnType<typeof credentials.createInsecure>) => C;
interface Package {
  readonly etcdserverpb: {
    readonly KV: Service<KVClient>;
    readonly Watch: Service<WatchClient>;
    readonly Lease: Service<LeaseClient>;
    readonly Maintenance: Service<MaintenanceClient>;
  };
}
interface Clients {
  readonly kv: KVClient;
  readonly watch: WatchClient;
  readonly lease: LeaseClient;
  readonly maintenance: MaintenanceClient;
}

const protos = fileURLToPath(new URL('../../../packages/proto/etcd', import.meta.url));

function connect({ address, ca }: Target): Clients {
  const definition = loadSync('rpc.proto', {
    keepCase: true,
    longs: String,
    enums: String,
    defaults: true,
    oneofs: true,
    includeDirs: [protos],
  });
  const { etcdserverpb } = loadPackageDefinition(definition) as unknown as Package;
  const channel = ca === undefined ? credentials.createInsecure() : credentials.createSsl(Buffer.from(ca));
  return {
    kv: new etcdserverpb.KV(address, channel),
    watch: new etcdserverpb.Watch(address, channel),
    lease: new etcdserverpb.Lease(address, channel),
    maintenance: new etcdserverpb.Maintenance(address, channel),
  };
}

/** Makes a promise of a call. */
export function unary<Res>(start: (callback: requestCallback<Res>) => void): Promise<Res> {
  return new Promise((resolve, reject) => {
    start((error, response) => (error === null ? resolve(response as Res) : reject(error)));
  });
}

/** Opens one watch stream, sends the creates, and resolves when all of them are registered. */
async function openWatches(
  client: WatchClient,
  creates: readonly object[],
  onEvent: OnEvent = () => undefined,
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

function sizeOf(kvs: readonly KeyValue[]): number {
  let bytes = 0;
  for (const { key, value } of kvs) bytes += key.length + value.length;
  return bytes;
}

const rangeOf = (prefix: string): { key: Buffer; range_end: Buffer } => {
  const key = Buffer.from(prefix);
  return { key, range_end: Buffer.from(prefixEnd(key)) };
};

export function grpcJs(target: Target): Subject {
  const clients = connect(target);
  const { kv, watch, lease, maintenance } = clients;
  const range = (request: object): Promise<RangeResponse> => unary((done) => kv.Range(request, done));
  return {
    cut: 0,
    async put(key, value) {
      const response = await unary<PutResponse>((done) => kv.Put({ key: Buffer.from(key), value }, done));
      return response.header.revision;
    },
    async get(key) {
      return (await range({ key: Buffer.from(key) })).kvs[0]?.value;
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
      return sizeOf((await range(rangeOf(prefix))).kvs);
    },
    async pages(prefix) {
      const { key, range_end } = rangeOf(prefix);
      let bytes = 0;
      let from = key;
      let revision = '0';
      for (;;) {
        const page = await range({ key: from, range_end, limit: 1_000, revision });
        bytes += sizeOf(page.kvs);
        const last = page.kvs.at(-1);
        if (!page.more || last === undefined) return bytes;
        from = Buffer.concat([last.key, Buffer.alloc(1)]);
        revision = page.header.revision;
      }
    },
    async snapshot() {
      let bytes = 0;
      for await (const { blob } of maintenance.Snapshot({}) as AsyncIterable<{ readonly blob: Buffer }>) {
        bytes += blob.length;
      }
      return bytes;
    },
    async watch(prefix, onEvent): Promise<Running> {
      const stream = await openWatches(watch, [rangeOf(prefix)], onEvent);
      return {
        async stop() {
          stream.cancel();
        },
      };
    },
    watches: (keys, onEvent) => {
      const creates = keys.map((key) => ({ key: Buffer.from(key) }));
      return openWatches(watch, creates, onEvent);
    },
    async leases(count, ttl) {
      const kept = new KeptLeases(lease.LeaseKeepAlive(), ttl);
      await kept.grant(count, () => unary((done) => lease.LeaseGrant({ TTL: ttl, ID: 0 }, done)));
      return kept;
    },
    close() {
      for (const client of Object.values(clients)) client.close();
    },
  };
}
