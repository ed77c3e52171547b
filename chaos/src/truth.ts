import { Client, credentials, Metadata, type ClientDuplexStream } from '@grpc/grpc-js';
import { loadSync, type ServiceDefinition } from '@grpc/proto-loader';
import { fileURLToPath } from 'node:url';
import type { Kv, Revision, SeenEvent } from './history.ts';

const folder = fileURLToPath(new URL('../../packages/proto/etcd/', import.meta.url));
const definitions = loadSync('rpc.proto', {
  includeDirs: [folder],
  keepCase: true,
  longs: String,
  enums: String,
  bytes: Buffer,
  defaults: true,
});
const method = (service: string, name: string): ServiceDefinition[string] =>
  (definitions[`etcdserverpb.${service}`] as ServiceDefinition)[name] as ServiceDefinition[string];
const WATCH = method('Watch', 'Watch');
const AUTHENTICATE = method('Auth', 'Authenticate');

interface RawKv {
  readonly key: Buffer;
  readonly value: Buffer;
  readonly create_revision: string;
  readonly mod_revision: string;
  readonly version: string;
  readonly lease: string;
}

interface RawResponse {
  readonly canceled: boolean;
  readonly cancel_reason: string;
  readonly compact_revision: string;
  readonly events: readonly { readonly type: 'PUT' | 'DELETE'; readonly kv: RawKv }[];
}

/**
 * Watches all keys from revision 1 by grpc-js and proto-loader alone, not by the client that is under test, over connections that no
 * fault touches but those of the members. Each revision is given to `onRevision` once, in order.
 */
export class Truth {
  readonly #endpoints: readonly string[];
  readonly #user: { readonly username: string; readonly password: string } | undefined;
  readonly #onRevision: (revision: Revision) => void;
  #next = 1;
  #at = 0;
  #client: Client | undefined;
  #stream: ClientDuplexStream<object, RawResponse> | undefined;
  #closed = false;
  /** Why it cannot go on: a revision was compacted before it was read. */
  failure: string | undefined;

  /** `user` is for a cluster with authentication. */
  constructor(
    endpoints: readonly string[],
    user: { readonly username: string; readonly password: string } | undefined,
    onRevision: (revision: Revision) => void,
  ) {
    this.#endpoints = endpoints;
    this.#user = user;
    this.#onRevision = onRevision;
    void this.#open();
  }

  /** The last revision that has events and was delivered. */
  get revision(): number {
    return this.#next - 1;
  }

  close(): void {
    this.#closed = true;
    this.#stream?.cancel();
    this.#client?.close();
  }

  async #open(): Promise<void> {
    if (this.#closed || this.failure !== undefined) return;
    const endpoint = this.#endpoints[this.#at++ % this.#endpoints.length] as string;
    // A member that is paused answers no ping.
    const client = new Client(endpoint, credentials.createInsecure(), {
      'grpc.keepalive_time_ms': 6_000,
      'grpc.keepalive_timeout_ms': 2_000,
      'grpc.max_receive_message_length': -1,
      'grpc.use_local_subchannel_pool': 1,
    });
    this.#client = client;
    const metadata = new Metadata();
    try {
      if (this.#user !== undefined) metadata.set('token', await authenticate(client, this.#user));
    } catch {
      return this.#again(client);
    }
    if (this.#closed) return;
    const stream = client.makeBidiStreamRequest(
      WATCH.path,
      WATCH.requestSerialize as (message: object) => Buffer,
      WATCH.responseDeserialize as (bytes: Buffer) => RawResponse,
      metadata,
    );
    this.#stream = stream;
    const again = (): void => {
      if (stream !== this.#stream) return;
      this.#stream = undefined;
      this.#again(client);
    };
    stream.on('data', (response: RawResponse) => {
      if (stream !== this.#stream) return;
      if (Number(response.compact_revision) > 0) {
        this.failure = `revision ${this.#next} was compacted before it was read`;
      }
      this.#take(response);
      if (response.canceled) stream.cancel();
    });
    stream.on('error', again);
    stream.on('end', again);
    const all = Buffer.from([0]);
    stream.write({ create_request: { key: all, range_end: all, start_revision: this.#next } });
  }

  #again(client: Client): void {
    client.close();
    setTimeout(() => void this.#open(), 50);
  }

  /** Events of a response are of whole revisions. */
  #take({ events }: RawResponse): void {
    for (let i = 0; i < events.length;) {
      const revision = Number(events[i]?.kv.mod_revision);
      const from = i;
      while (i < events.length && Number(events[i]?.kv.mod_revision) === revision) i++;
      if (revision < this.#next) continue;
      this.#next = revision + 1;
      this.#onRevision({ revision, events: events.slice(from, i).map(({ type, kv }) => toEvent(type, kv)) });
    }
  }
}

function authenticate(
  client: Client,
  { username: name, password }: { username: string; password: string },
): Promise<string> {
  const { path, requestSerialize, responseDeserialize } = AUTHENTICATE;
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(
      path,
      requestSerialize as (message: object) => Buffer,
      responseDeserialize as (bytes: Buffer) => { readonly token: string },
      { name, password },
      { deadline: Date.now() + 3_000 },
      (error, response) => (error === null && response !== undefined ? resolve(response.token) : reject(error)),
    );
  });
}

function toEvent(type: 'PUT' | 'DELETE', raw: RawKv): SeenEvent {
  const kv: Kv = {
    key: raw.key.toString(),
    value: raw.value.toString(),
    create: Number(raw.create_revision),
    mod: Number(raw.mod_revision),
    version: Number(raw.version),
    lease: raw.lease,
  };
  return { type: type === 'PUT' ? 'put' : 'delete', kv };
}
