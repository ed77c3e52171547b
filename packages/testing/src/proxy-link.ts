import { connect } from 'node:net';
import type { Socket } from 'node:net';
import type { Direction, LaneRules } from './proxy-lane.ts';
import { Lane } from './proxy-lane.ts';

/** The address of the server behind a proxy. */
export interface ProxyTarget {
  /** The host name or IP address. */
  readonly host: string;
  /** The TCP port. */
  readonly port: number;
}

/** One connection through the proxy: the client's socket, the socket to the server, and a lane for each direction. */
export class Link {
  readonly id: number;
  /** Whether bytes were lost, so that the bytes after them make no sense. */
  torn = false;
  readonly #client: Socket;
  readonly #rules: (link: Link, direction: Direction) => LaneRules;
  readonly #onClosed: (link: Link) => void;
  #server: Socket | undefined;
  #lanes: Lane[] = [];

  constructor(
    id: number,
    client: Socket,
    rules: (link: Link, direction: Direction) => LaneRules,
    onClosed: (link: Link) => void,
  ) {
    this.id = id;
    this.#client = client;
    this.#rules = rules;
    this.#onClosed = onClosed;
    client.pause();
    this.#watch(client);
  }

  /** Connects to the server, once. */
  open(target: ProxyTarget): void {
    if (this.#server || this.#client.destroyed) return;
    const server = connect({ ...target, allowHalfOpen: true, noDelay: true });
    this.#server = server;
    this.#watch(server);
    this.#lanes = [
      new Lane(this.#client, server, this.#rules(this, 'toServer')),
      new Lane(server, this.#client, this.#rules(this, 'toClient')),
    ];
  }

  /** Makes the lanes read their rules again. */
  pump(): void {
    for (const lane of this.#lanes) lane.pump();
  }

  /** Resets both sides. Bytes in flight are lost. */
  reset(): void {
    this.#end((socket) => {
      // While its end is being sent, Node refuses to reset a socket, and would keep it for ever.
      if (socket.writableEnded && !socket.writableFinished) socket.destroy();
      else socket.resetAndDestroy();
    });
  }

  /** Closes both sides. Bytes that have passed still arrive. */
  finish(): void {
    this.#end((socket) => socket.destroySoon());
  }

  #end(how: (socket: Socket) => void): void {
    for (const lane of this.#lanes) lane.close();
    for (const socket of [this.#client, this.#server]) {
      if (!socket || socket.destroyed) continue;
      // Later bytes are read and dropped, because unread bytes would turn a close into a reset.
      socket.resume();
      if (socket.connecting) socket.destroy();
      else how(socket);
    }
  }

  #watch(socket: Socket): void {
    let failed = false;
    // The other side gets a refused or broken connection as a reset.
    socket.on('error', () => (failed = true));
    socket.on('close', () => {
      const other = socket === this.#client ? this.#server : this.#client;
      if (failed && other && !other.destroyed) this.reset();
      if (this.#client.destroyed && (this.#server?.destroyed ?? true)) {
        for (const lane of this.#lanes) lane.close();
        this.#onClosed(this);
      }
    });
  }
}
