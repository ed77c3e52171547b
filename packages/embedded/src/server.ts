// Only this file uses grpc-js. It turns calls into requests for the handlers, and their responses into answers.
import { createServer as createHttpServer, type RequestListener } from 'node:http';
import { createServer, type Server as NetServer, type Socket } from 'node:net';
import type {
  Metadata,
  sendUnaryData,
  Server,
  ServerDuplexStream,
  ServerUnaryCall,
  ServerWritableStream,
  ServiceDefinition,
  UntypedHandleCall,
} from '@grpc/grpc-js';
import type { Faults } from './faults.ts';
import type { Gate } from './gate.ts';
import type { Caller } from './member.ts';
import type { Handlers, PartsHandler, Peer, StreamHandler, UnaryHandler, WaitingHandler } from './services/handlers.ts';
import { status, StatusError } from './status.ts';
import { rpcs, type Rpc } from './wire/descriptors.ts';
import { grpc } from './wire/libraries.ts';

/** The address of a server: a TCP port, or a socket in the file system. */
export type Address = { readonly host: string; readonly port: number } | { readonly path: string };

/** The parts that calls pass on their way to the handlers. */
export interface ServerParts {
  readonly gate: Gate;
  readonly faults: Faults;
  /** Larger requests are refused before they are read. */
  readonly maxReceiveBytes: number;
  /** What is answered over HTTP/1.1. */
  readonly pages: RequestListener;
}

const RECEIVE_LIMIT = 'grpc.max_receive_message_length';
/** A stream of which the client sends many messages, or only one. */
type Stream = ServerDuplexStream<Buffer, Buffer> | ServerWritableStream<Buffer, Buffer>;
const identity = (bytes: Buffer): Buffer => bytes;

/** Serves the handlers over gRPC. It accepts the sockets itself, so that it can cut them. */
export class GrpcServer {
  readonly #gate: Gate;
  readonly #faults: Faults;
  readonly #server: Server;
  readonly #listener: NetServer;
  readonly #sockets = new Set<Socket>();

  constructor(services: readonly Handlers[], { gate, faults, maxReceiveBytes, pages }: ServerParts) {
    this.#gate = gate;
    this.#faults = faults;
    this.#server = new grpc.Server({ [RECEIVE_LIMIT]: maxReceiveBytes });
    this.#register(services);
    const injector = this.#server.createConnectionInjector(grpc.ServerCredentials.createInsecure());
    const web = createHttpServer(pages);
    this.#listener = createServer({ noDelay: true }, (socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
      // The streams of a cut connection report its error.
      socket.on('error', () => {});
      socket.once('data', (bytes: Buffer) => {
        socket.pause();
        socket.unshift(bytes);
        // The first bytes of HTTP/2 are a request with a method that does not exist.
        if (bytes.toString('latin1', 0, 3) === 'PRI') injector.injectConnection(socket);
        else {
          web.emit('connection', socket);
          socket.resume();
        }
      });
    });
  }

  /** Listens and returns the port; 0 for a socket in the file system. */
  async listen(address: Address): Promise<number> {
    await new Promise<void>((resolve, reject) => {
      this.#listener.once('error', reject);
      this.#listener.listen(address, () => resolve());
    });
    const bound = this.#listener.address();
    return bound !== null && typeof bound === 'object' ? bound.port : 0;
  }

  /** Cuts every connection. */
  disconnect(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Ends everything that is open, and stops listening. */
  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#listener.close(resolve));
    // The connections are cut first, because clients take a stream that gRPC shuts down for a cancelled one.
    this.disconnect();
    this.#server.forceShutdown();
    await closed;
  }

  #register(services: readonly Handlers[]): void {
    const unary = Object.assign({}, ...services.map((service) => service.unary)) as Record<string, UnaryHandler>;
    const parts = Object.assign({}, ...services.map((service) => service.parts)) as Record<string, PartsHandler>;
    const waiting = Object.assign({}, ...services.map((service) => service.waiting)) as Record<string, WaitingHandler>;
    const streams = Object.assign({}, ...services.map((service) => service.streams)) as Record<string, StreamHandler>;
    const definition: Record<string, ServiceDefinition[string]> = {};
    const handlers: Record<string, UntypedHandleCall> = {};
    for (const rpc of rpcs) {
      const { name, path, requestStream, responseStream } = rpc;
      // Messages stay bytes for grpc-js, so that a malformed one gets etcd's own error.
      definition[name] = {
        path,
        requestStream,
        responseStream,
        requestSerialize: identity,
        requestDeserialize: identity,
        responseSerialize: identity,
        responseDeserialize: identity,
      };
      const [stream, later] = [streams[name], waiting[name]];
      if (stream !== undefined) handlers[name] = this.#stream(rpc, stream);
      else if (later !== undefined) handlers[name] = this.#waiting(rpc, later);
      else if (responseStream) handlers[name] = this.#parts(rpc, parts[name] as PartsHandler);
      else handlers[name] = this.#unary(rpc, unary[name] as UnaryHandler);
    }
    this.#server.addService(definition, handlers);
  }

  #unary(rpc: Rpc, handle: UnaryHandler) {
    return (call: ServerUnaryCall<Buffer, Buffer>, callback: sendUnaryData<Buffer>): void => {
      this.#gate.pass(() => {
        if (call.cancelled) return;
        try {
          const failure = this.#faults.next(rpc.name);
          if (failure?.applied === false) throw failure.error;
          const response = handle(decode(rpc, call.request), callerOf(call.metadata, call.request.length));
          if (failure) throw failure.error;
          callback(null, rpc.encode(response));
        } catch (error) {
          callback(toStatus(error));
        }
      });
    };
  }

  #waiting(rpc: Rpc, handle: WaitingHandler) {
    return (call: ServerUnaryCall<Buffer, Buffer>, callback: sendUnaryData<Buffer>): void => {
      const ended = new AbortController();
      call.on('cancelled', () => ended.abort());
      const answer = async (): Promise<Buffer> => {
        const failure = this.#faults.next(rpc.name);
        if (failure?.applied === false) throw failure.error;
        const caller = callerOf(call.metadata, call.request.length);
        const response = await handle(decode(rpc, call.request), caller, ended.signal);
        if (failure) throw failure.error;
        return rpc.encode(response);
      };
      this.#gate.pass(() => {
        if (call.cancelled) return;
        answer().then(
          (bytes) => this.#gate.pass(() => callback(null, bytes)),
          (error: unknown) => this.#gate.pass(() => callback(toStatus(error))),
        );
      });
    };
  }

  #parts(rpc: Rpc, handle: PartsHandler) {
    return (call: ServerWritableStream<Buffer, Buffer>): void => {
      const sizeOf = (response: object): number => rpc.encode(response).length;
      let rest: Iterator<object> | undefined;
      const send = (): void => {
        try {
          if (rest === undefined) {
            const failure = this.#faults.next(rpc.name);
            if (failure) throw failure.error;
            const request = decode(rpc, call.request);
            rest = handle(request, callerOf(call.metadata, call.request.length), sizeOf)[Symbol.iterator]();
          }
          while (!call.cancelled) {
            const { done, value } = rest.next();
            if (done) {
              call.end();
              return;
            }
            if (!call.write(rpc.encode(value as object))) {
              call.once('drain', () => this.#gate.pass(send));
              return;
            }
          }
        } catch (error) {
          call.emit('error', toStatus(error));
        }
      };
      this.#gate.pass(send);
    };
  }

  #stream(rpc: Rpc, handle: StreamHandler) {
    return (call: Stream): void => {
      this.#gate.pass(() => {
        const failure = this.#faults.next(rpc.name);
        if (failure) call.emit('error', toStatus(failure.error));
        else open(rpc, handle, call, this.#gate);
      });
    };
  }
}

function open(rpc: Rpc, handle: StreamHandler, call: Stream, gate: Gate): void {
  let over = false;
  let congested = false;
  const finish = (): void => {
    if (over) return;
    over = true;
    listener.close?.();
  };
  const end = (error?: unknown): void => {
    if (over) return;
    finish();
    if (error === undefined) call.end();
    else call.emit('error', toStatus(error));
  };
  const peer: Peer<object> = {
    caller: callerOf(call.metadata, 0),
    get congested() {
      return congested;
    },
    send(response) {
      if (over || call.write(rpc.encode(response)) || congested) return;
      congested = true;
      // A client that does not read is not read from, so that answers do not pile up.
      if (!('request' in call)) call.pause();
    },
    sizeOf: (response) => rpc.encode(response).length,
    end,
  };
  const listener = handle(peer as Peer<never>);
  const passing = (task: () => void) => (): void => {
    gate.pass(() => {
      if (!over) task();
    });
  };
  const receive = (bytes: Buffer): void => {
    passing(() => {
      try {
        listener.message(decode(rpc, bytes));
      } catch (error) {
        end(error);
      }
    })();
  };
  call.on('drain', () => {
    congested = false;
    if (!('request' in call)) call.resume();
    passing(() => listener.drain?.())();
  });
  call.on('cancelled', finish);
  call.on('error', finish);
  if ('request' in call) {
    receive(call.request);
    return;
  }
  call.on('data', receive);
  call.on(
    'end',
    passing(() => listener.end?.()),
  );
}

function callerOf(metadata: Metadata, bytes: number): Caller {
  const [token] = [...metadata.get('token'), ...metadata.get('authorization')];
  return { token: token === undefined ? undefined : String(token).replace(/^Bearer /, ''), bytes };
}

function decode(rpc: Rpc, bytes: Buffer): never {
  try {
    return rpc.decode(bytes) as never;
  } catch {
    throw status('INTERNAL', 'grpc: error unmarshalling request: proto: cannot parse invalid wire-format data');
  }
}

function toStatus(error: unknown): { code: number; details: string } {
  if (error instanceof StatusError) return { code: error.code, details: error.message };
  return { code: 2, details: `the embedded etcd failed: ${String(error)}` };
}
