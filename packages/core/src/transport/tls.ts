import { CallCredentials, ChannelCredentials, type experimental } from '@grpc/grpc-js';
import { isIP, type Socket } from 'node:net';
import { checkServerIdentity, connect, createSecureContext, type SecureContext, type TLSSocket } from 'node:tls';
import { invalidArgument } from '../errors.ts';
import type { Endpoint } from './endpoints.ts';
import type { TlsOptions } from './transport.ts';

/** Reads certificates and key once, so that bad PEM is refused when the client is made, and named. */
export function secureContextOf(tls: TlsOptions | undefined): SecureContext {
  if ((tls?.cert === undefined) !== (tls?.key === undefined)) {
    const [given, missing] = tls?.cert === undefined ? ['key', 'cert'] : ['cert', 'key'];
    throw invalidArgument(`tls.${missing}`, `is missing: tls.${given} is given, and they go together`);
  }
  try {
    return createSecureContext({ ca: tls?.ca, cert: tls?.cert, key: tls?.key, minVersion: 'TLSv1.2' });
  } catch (cause) {
    // OpenSSL's own text names the reason and holds no key material.
    throw invalidArgument('tls', `holds a certificate or key that cannot be read: ${(cause as Error).message}`);
  }
}

/**
 * Channel credentials of one endpoint. grpc-js's own would send an IP address as the TLS server name, which Node is about
 * to refuse (DEP0123), and would hide why a handshake failed; so the handshake is ours.
 */
export function tlsCredentials(
  context: SecureContext,
  tls: TlsOptions | undefined,
  endpoint: Endpoint,
  onFailure: (error: Error) => void,
): ChannelCredentials {
  const host = tls?.serverName ?? (endpoint.socketPath === undefined ? endpoint.host : 'localhost');
  const handshake = (socket: Socket): Promise<{ socket: TLSSocket; secure: true }> =>
    new Promise((resolve, reject) => {
      const fail = (error: Error): void => {
        onFailure(error);
        reject(error);
      };
      const secured = connect({
        socket,
        secureContext: context,
        ALPNProtocols: ['h2'],
        rejectUnauthorized: tls?.insecureSkipVerify !== true,
        checkServerIdentity: (_, certificate) => checkServerIdentity(host, certificate),
        ...(isIP(host) === 0 ? { servername: host } : {}),
      });
      secured.once('secureConnect', () => {
        secured.off('error', fail).off('close', closed);
        // With TLS 1.3 the server refuses a client certificate only after the handshake has ended well here.
        secured.on('error', (error: NodeJS.ErrnoException) => {
          if (error.code?.startsWith('ERR_SSL_') === true) onFailure(error);
        });
        resolve({ socket: secured, secure: true });
      });
      const closed = (): void => fail(new Error('the connection was closed during the TLS handshake'));
      secured.once('error', fail).once('close', closed);
    });
  return new EndpointTlsCredentials(handshake);
}

class EndpointTlsCredentials extends ChannelCredentials {
  readonly #handshake: (socket: Socket) => Promise<experimental.SecureConnectResult>;

  constructor(handshake: (socket: Socket) => Promise<experimental.SecureConnectResult>) {
    super();
    this.#handshake = handshake;
  }

  override _isSecure(): boolean {
    return true;
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
