// etcd's RPCs without a client: every message of the protos can be sent, and answers are not interpreted.
import { fileURLToPath } from 'node:url';
import { Client, credentials, Metadata, type ClientDuplexStream, type ServiceError } from '@grpc/grpc-js';
import { loadSync, type ServiceDefinition } from '@grpc/proto-loader';

/** A message in proto-loader's form. */
export type Message = Record<string, unknown>;

/** The end of a call: responses, an error, or both. */
export interface Outcome {
  readonly responses: readonly Message[];
  readonly error?: { readonly code: number; readonly details: string };
}

/** A bidirectional stream. */
export interface RawStream {
  send(message: Message): void;
  /** All received messages. */
  readonly received: readonly Message[];
  /** How many messages wait to be sent. */
  pending(): number;
  /** Stops reading, so that flow control stops the server. */
  pause(): void;
  resume(): void;
  close(): void;
}

const folder = fileURLToPath(new URL('../../packages/proto/', import.meta.url));
const longs = BigInt as unknown as NumberConstructor;
const definitions = loadSync(['etcd/rpc.proto', 'etcd/v3lock.proto', 'etcd/v3election.proto', 'grpc/health.proto'], {
  includeDirs: [folder, `${folder}etcd`],
  longs,
  enums: String,
  bytes: String,
  defaults: true,
});

function methodOf(name: string): ServiceDefinition[string] {
  const [service, method] = name.split('.');
  const full = Object.keys(definitions).find((known) => known.endsWith(`.${service}`)) ?? '';
  const found = (definitions[full] as ServiceDefinition | undefined)?.[method as string];
  if (found === undefined) throw new Error(`etcd has no ${name}`);
  return found;
}

/** A message without its empty bytes, because an etcd before 3.7 reads an empty range end on the wire as an open one. */
function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonical);
  if (typeof value !== 'object' || value === null || Buffer.isBuffer(value)) return value;
  const filled = Object.entries(value).filter(([, inner]) => !Buffer.isBuffer(inner) || inner.length > 0);
  return Object.fromEntries(filled.map(([key, inner]) => [key, canonical(inner)]));
}

/** A call that is under way. */
export interface RawCall {
  readonly outcome: Promise<Outcome>;
  /** All messages until now. */
  readonly received: readonly Message[];
  /** Stops reading the messages of a call that has several, so that flow control stops the server. */
  pause(): void;
  resume(): void;
  cancel(): void;
}

/** Calls an etcd without a client of ours. */
export class RawEtcd {
  readonly #client: Client;

  constructor(endpoint: string) {
    this.#client = new Client(endpoint, credentials.createInsecure(), {
      'grpc.max_receive_message_length': -1,
      'grpc.max_send_message_length': -1,
    });
  }

  /** Calls an RPC, such as `KV.Put`, with one request. */
  call(name: string, request: Message, token?: string): Promise<Outcome> {
    return this.begin(name, request, token).outcome;
  }

  /** Begins a call that may take long. */
  begin(name: string, request: Message, token?: string): RawCall {
    return this.#begin(name, methodOf(name).requestSerialize(canonical(request) as never), token);
  }

  /** Calls an RPC with any bytes. */
  callBytes(name: string, bytes: Buffer): Promise<Outcome> {
    return this.#begin(name, bytes, undefined).outcome;
  }

  /** Opens a stream, such as `Watch.Watch`. */
  stream(name: string): RawStream {
    const { path, requestSerialize, responseDeserialize } = methodOf(name);
    const received: Message[] = [];
    const stream: ClientDuplexStream<Message, Message> = this.#client.makeBidiStreamRequest(
      path,
      requestSerialize as (message: Message) => Buffer,
      responseDeserialize as (bytes: Buffer) => Message,
    );
    stream.on('data', (message: Message) => received.push(message));
    stream.on('error', ({ code, details }: ServiceError) => received.push({ code, details }));
    return {
      received,
      send: (message) => void stream.write(canonical(message) as Message),
      pending: () => stream.writableLength,
      pause: () => void stream.pause(),
      resume: () => void stream.resume(),
      close: () => stream.cancel(),
    };
  }

  close(): void {
    this.#client.close();
  }

  #begin(name: string, bytes: Buffer, token: string | undefined): RawCall {
    const { path, responseStream, responseDeserialize } = methodOf(name);
    const metadata = new Metadata();
    if (token !== undefined) metadata.set('token', token);
    const serialize = (message: Buffer): Buffer => message;
    const deserialize = responseDeserialize as (bytes: Buffer) => Message;
    const received: Message[] = [];
    const failed = (error: ServiceError): Outcome => ({
      responses: received,
      error: { code: error.code, details: error.details },
    });
    const { promise: outcome, resolve } = withResolvers<Outcome>();
    if (!responseStream) {
      const call = this.#client.makeUnaryRequest(path, serialize, deserialize, bytes, metadata, (error, response) => {
        if (response !== undefined) received.push(response);
        resolve(error === null ? { responses: received } : failed(error));
      });
      return { outcome, received, pause() {}, resume() {}, cancel: () => call.cancel() };
    }
    const stream = this.#client.makeServerStreamRequest(path, serialize, deserialize, bytes, metadata);
    stream.on('data', (message: Message) => received.push(message));
    stream.on('error', (error: ServiceError) => resolve(failed(error)));
    stream.on('end', () => resolve({ responses: received }));
    return {
      outcome,
      received,
      pause: () => void stream.pause(),
      resume: () => void stream.resume(),
      cancel: () => stream.cancel(),
    };
  }
}

// Node 20 has no Promise.withResolvers.
function withResolvers<T>(): { readonly promise: Promise<T>; readonly resolve: (value: T) => void } {
  let resolve!: (value: T) => void;
  const promise = new Promise<T>((settle) => (resolve = settle));
  return { promise, resolve };
}
