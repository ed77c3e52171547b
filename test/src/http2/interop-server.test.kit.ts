// grpc's interop test service on a server of grpc-js, in this process.
import {
  Metadata,
  Server,
  ServerCredentials,
  type sendUnaryData,
  type ServerDuplexStream,
  type ServerReadableStream,
  type ServerUnaryCall,
  type ServerWritableStream,
  type ServiceDefinition,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { fromJSON } from '@grpc/proto-loader';
import type { SimpleRequest, StreamingOutputCallRequest } from './interop-protocol.ts';
import { payload, protocol } from './interop-protocol.ts';

type Seen = Readonly<Record<string, Buffer>>;

/** A server of the test service. */
export interface InteropServer extends AsyncDisposable {
  readonly port: number;
  /** The metadata of calls whose name begins with `x-`, of those that have some. */
  seen(): readonly Seen[];
  /** Ends the connections once their calls have ended, by GOAWAY. */
  stop(): void;
}

/** Starts the service on grpc-js. */
export async function startGrpcJs(): Promise<InteropServer> {
  const definition = fromJSON(protocol as never)['grpc.testing.TestService'] as ServiceDefinition;
  const { UnimplementedCall: _, ...served } = definition;
  const seen: Seen[] = [];
  const note = (metadata: Metadata): void => {
    const names = Object.keys(metadata.getMap()).filter((name) => name.startsWith('x-'));
    const found = names.map((name) => [name, Buffer.from(metadata.get(name).join('|'), 'latin1')] as const);
    if (found.length > 0) seen.push(Object.fromEntries(found));
  };
  const server = new Server({ 'grpc.max_receive_message_length': -1, 'grpc.max_send_message_length': -1 });
  server.addService(served as ServiceDefinition, handlers(note));
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  return {
    port,
    seen: () => seen,
    stop: () => server.tryShutdown(() => {}),
    async [Symbol.asyncDispose]() {
      server.forceShutdown();
    },
  };
}

function handlers(note: (metadata: Metadata) => void): UntypedServiceImplementation {
  return {
    EmptyCall(_call: ServerUnaryCall<object, object>, done: sendUnaryData<object>) {
      done(null, {});
    },
    UnaryCall({ request, metadata }: ServerUnaryCall<SimpleRequest, object>, done: sendUnaryData<object>) {
      note(metadata);
      const { responseStatus, responseSize = 0 } = request;
      if (responseStatus?.code) done({ code: responseStatus.code, details: responseStatus.message });
      else done(null, { payload: payload(responseSize) });
    },
    async StreamingOutputCall(call: ServerWritableStream<StreamingOutputCallRequest, object>) {
      note(call.metadata);
      await sendAll(call, call.request);
      call.end();
    },
    StreamingInputCall(call: ServerReadableStream<{ payload: { body: Buffer } }, object>, done: sendUnaryData<object>) {
      let sum = 0;
      call.on('data', (request: { payload: { body: Buffer } }) => void (sum += request.payload.body.length));
      call.on('end', () => done(null, { aggregatedPayloadSize: sum }));
    },
    FullDuplexCall(call: ServerDuplexStream<StreamingOutputCallRequest, object>) {
      note(call.metadata);
      let turn = Promise.resolve();
      call.on('data', (request: StreamingOutputCallRequest) => {
        turn = turn.then(async () => {
          const { responseStatus } = request;
          if (!responseStatus?.code) return sendAll(call, request);
          call.emit('error', { code: responseStatus.code, details: responseStatus.message, metadata: new Metadata() });
        });
      });
      call.on('end', () => void turn.then(() => call.end()));
    },
  };
}

async function sendAll(
  call: { write(message: object): boolean },
  { responseParameters = [] }: StreamingOutputCallRequest,
): Promise<void> {
  for (const { size, intervalUs = 0 } of responseParameters) {
    if (intervalUs > 0) await new Promise((resolve) => setTimeout(resolve, intervalUs / 1_000).unref());
    call.write({ payload: payload(size) });
  }
}
