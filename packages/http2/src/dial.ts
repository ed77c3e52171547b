// The socket of a connection: it opens one over TCP, a unix socket or TLS, and reports why that failed or how it ended.
import { connect, type NetConnectOpts, type OnReadOpts, type Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { TlsOptions } from '@etcdts/core';
import {
  explainFailure,
  tlsConnectOptions,
  type ConnectFailure,
  type ConnectionOptions,
  type Endpoint,
} from '@etcdts/core/plugin';

/** The size of the buffer into which a socket is read, without an allocation for each read. */
const BUFFER_BYTES = 64 * 1024;

/** The functions by which a socket reports to its connection. None is called before `dial` has returned. */
export interface SocketOwner {
  /** It is connected; with TLS, the handshake is done and the peer has chosen HTTP/2. */
  onSocket(socket: Socket): void;
  /** The first `length` bytes of the buffer have come. They may change after the call. */
  onBytes(bytes: Buffer, length: number): void;
  /** The end, once, unless {@link Dialed.destroy} was called without a reason. No bytes follow. */
  onLost(failure: ConnectFailure): void;
}

/** A socket that is opening, or open. */
export interface Dialed {
  /** The peer has shown that it speaks HTTP/2: from now on the end of the socket is no failure to connect. */
  settled(): void;
  /** Ends the socket at once. With a reason, `onLost` reports that later; without one, it is not called any more. */
  destroy(reason?: Error): void;
}

/**
 * Opens a socket to an endpoint. `peeked` is shared by the connections of a transport, see `explainFailure`. Throws
 * `INVALID_ARGUMENT` for certificates that cannot be read.
 */
export function dial(endpoint: Endpoint, options: ConnectionOptions, peeked: Set<string>, owner: SocketOwner): Dialed {
  return new Dial(endpoint, options, peeked, owner);
}

class Dial implements Dialed {
  readonly #endpoint: Endpoint;
  readonly #peeked: Set<string>;
  #owner: SocketOwner | undefined;
  readonly #socket: Socket;
  #settled = false;
  /** Whether the peer has accepted a connection that it then may not have understood. */
  #reached = false;
  #tlsError: Error | undefined;
  #error: Error | undefined;
  #stopExplaining: (() => void) | undefined;

  constructor(endpoint: Endpoint, { tls }: ConnectionOptions, peeked: Set<string>, owner: SocketOwner) {
    this.#endpoint = endpoint;
    this.#peeked = peeked;
    this.#owner = owner;
    this.#socket = endpoint.secure ? this.#secure(tls, owner) : this.#plain(owner);
    this.#socket.on('error', (error) => (this.#error ??= error));
    // The peer sends nothing more, so that no call can end well.
    this.#socket.on('end', () => this.#socket.destroy());
    this.#socket.on('close', () => this.#closed());
  }

  settled(): void {
    this.#settled = true;
  }

  destroy(reason?: Error): void {
    if (reason === undefined) {
      this.#owner = undefined;
      this.#stopExplaining?.();
    }
    this.#socket.destroy(reason);
  }

  #plain(owner: SocketOwner): Socket {
    return connect({ ...addressOf(this.#endpoint), onread: into(owner) }).once('connect', () => {
      this.#reached = true;
      this.#open();
    });
  }

  #secure(options: TlsOptions | undefined, owner: SocketOwner): Socket {
    // Node loads the module with the first use of TLS, and not at the start of every process.
    const tls = process.getBuiltinModule('node:tls');
    // `onread` is no documented option of TLS, and Node's own tests have it. The bytes come behind `secureConnect`.
    const reading = { onread: into(owner) };
    const socket = tls.connect({
      ...addressOf(this.#endpoint),
      ...tlsConnectOptions(this.#endpoint, options),
      ...reading,
    });
    let connected = false;
    let shaken = false;
    socket.once('connect', () => (connected = true));
    socket.once('secureConnect', () => {
      shaken = true;
      if (socket.alpnProtocol !== 'h2') return void socket.destroy(otherProtocol(socket));
      this.#open();
    });
    // With TLS 1.3, a server refuses a client certificate only after the handshake has succeeded on this side.
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (!connected || (shaken && !/^ERR_(SSL|TLS)_/.test(error.code ?? ''))) return;
      this.#reached = true;
      this.#tlsError ??= error;
    });
    return socket;
  }

  #open(): void {
    this.#socket.setNoDelay(true);
    this.#owner?.onSocket(this.#socket);
  }

  #closed(): void {
    const owner = this.#owner;
    if (owner === undefined) return;
    const cause = this.#error;
    if (this.#settled) {
      const details = cause?.message ?? 'the peer closed the connection';
      return owner.onLost(cause === undefined ? { details, tls: false } : { details, tls: false, cause });
    }
    const attempt = {
      endpoint: this.#endpoint,
      reached: this.#reached,
      tlsError: this.#tlsError,
      details: cause?.message ?? 'the peer closed the connection before it sent HTTP/2 settings',
    };
    this.#stopExplaining = explainFailure(attempt, this.#peeked, (failure) => this.#owner?.onLost(failure));
  }
}

/** Reads a socket into one buffer. */
function into(owner: SocketOwner): OnReadOpts {
  const callback = (length: number, bytes: Uint8Array): boolean => {
    owner.onBytes(bytes as Buffer, length);
    return true;
  };
  return { buffer: Buffer.allocUnsafeSlow(BUFFER_BYTES), callback };
}

function addressOf({ host, ip = host, port, socketPath }: Endpoint): NetConnectOpts {
  return socketPath === undefined ? { host: ip, port } : { path: socketPath };
}

/** The error for a peer that has not chosen HTTP/2 (RFC 9113, 3.3). */
function otherProtocol({ alpnProtocol }: TLSSocket): Error {
  const chosen = typeof alpnProtocol === 'string' ? `, but ${alpnProtocol}` : '';
  const message = `the server does not offer HTTP/2 by ALPN${chosen}: is it an etcd, or a proxy that speaks HTTP/2?`;
  return Object.assign(new Error(message), { code: 'ERR_TLS_ALPN' });
}
