// Listens, and accepts the sockets itself, so that it can cut them.
import { createServer as createHttpServer, type RequestListener } from 'node:http';
import { createServer, type Server as NetServer, type Socket } from 'node:net';
import type { CallParts } from './call-tasks.ts';
import { Calls } from './calls.ts';
import { ServerConnection, type ConnectionOwner } from './connection.ts';
import { readPreface } from './preface.ts';
import type { Handlers } from '../services/handlers.ts';

/** The address of a server: a TCP port, or a socket in the file system. */
export type Address = { readonly host: string; readonly port: number } | { readonly path: string };

/** The parts of a server. */
export interface ServerParts extends CallParts {
  /** Larger requests are refused before they are read. */
  readonly maxReceiveBytes: number;
  /** What is answered over HTTP/1.1. */
  readonly pages: RequestListener;
}

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'TRACE', 'CONNECT'];

/** Whether a request of HTTP/1.1 may begin with these bytes. */
function beginsRequest(bytes: Buffer): boolean {
  const text = bytes.toString('latin1', 0, 8);
  return METHODS.map((method) => `${method} `).some((start) => start.startsWith(text) || text.startsWith(start));
}

/** Serves the handlers over gRPC, and pages over HTTP/1.1 on the same port. */
export class GrpcServer {
  readonly #listener: NetServer;
  readonly #sockets = new Set<Socket>();

  constructor(services: readonly Handlers[], parts: ServerParts) {
    const calls = new Calls(services, parts);
    const owner: ConnectionOwner = {
      maxReceiveBytes: parts.maxReceiveBytes,
      accept: (call) => calls.accept(call),
      pass: (task) => parts.gate.pass(task),
    };
    const web = createHttpServer(parts.pages);
    this.#listener = createServer({ noDelay: true }, (socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
      // The calls of a cut connection end with its socket.
      socket.on('error', () => {});
      readPreface(
        socket,
        () => {
          const connection = new ServerConnection(socket, owner);
          return (bytes) => connection.read(bytes);
        },
        (bytes) => {
          if (!beginsRequest(bytes)) {
            socket.destroy();
            return;
          }
          socket.pause();
          socket.unshift(bytes);
          web.emit('connection', socket);
          socket.resume();
        },
      );
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
    // Cut, because clients take a call that a server ends on its own for a cancelled one.
    this.disconnect();
    await closed;
  }
}
