import { CallCredentials, ChannelCredentials, type experimental } from '@grpc/grpc-js';
import type { Socket } from 'node:net';
import type { ConnectionOptions as TlsConnectOptions, TLSSocket } from 'node:tls';
import { tls } from '../../late-modules.ts';

type Handshake = (socket: Socket) => Promise<experimental.SecureConnectResult>;

/** Channel credentials of one endpoint without TLS. `onReached` is called when a peer has accepted a connection. */
export function plainCredentials(onReached: () => void): ChannelCredentials {
  return new EndpointCredentials(false, (socket) => {
    onReached();
    return Promise.resolve({ socket, secure: false });
  });
}

/**
 * Channel credentials of one endpoint with TLS. The handshake is our own, because grpc-js's would send an IP address as the TLS
 * server name and would hide why a handshake failed. `onFailure` receives the error of the handshake.
 */
export function tlsCredentials(options: TlsConnectOptions, onFailure: (error: Error) => void): ChannelCredentials {
  const handshake = (socket: Socket): Promise<{ socket: TLSSocket; secure: true }> =>
    new Promise((resolve, reject) => {
      const fail = (error: Error): void => {
        onFailure(error);
        reject(error);
      };
      const secured = tls().connect({ ...options, socket });
      secured.once('secureConnect', () => {
        secured.off('error', fail).off('close', closed);
        // With TLS 1.3, a server refuses a client certificate only after the handshake has succeeded on this side.
        secured.on('error', (error: NodeJS.ErrnoException) => {
          if (error.code?.startsWith('ERR_SSL_') === true) onFailure(error);
        });
        resolve({ socket: secured, secure: true });
      });
      const closed = (): void =>
        fail(Object.assign(new Error('the peer closed the connection'), { code: 'ECONNRESET' }));
      secured.once('error', fail).once('close', closed);
    });
  return new EndpointCredentials(true, handshake);
}

class EndpointCredentials extends ChannelCredentials {
  readonly #secure: boolean;
  readonly #handshake: Handshake;

  constructor(secure: boolean, handshake: Handshake) {
    super();
    this.#secure = secure;
    this.#handshake = handshake;
  }

  override _isSecure(): boolean {
    return this.#secure;
  }

  override _equals(other: ChannelCredentials): boolean {
    return other === this;
  }

  override _createSecureConnector(): experimental.SecureConnector {
    return {
      connect: this.#handshake,
      waitForReady: () => Promise.resolve(),
      getCallCredentials: () => CallCredentials.createEmpty(),
      destroy() {},
    };
  }
}
