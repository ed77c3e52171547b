import { isIP } from 'node:net';
import {
  checkServerIdentity,
  createSecureContext,
  type ConnectionOptions as TlsConnectOptions,
  type SecureContext,
} from 'node:tls';
import { invalidArgument } from '../errors.ts';
import type { Endpoint } from './endpoints.ts';
import type { TlsOptions } from './transport.ts';

/** Reads certificates and key. Bad PEM is refused by name. */
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
 * The options of `tls.connect` for an endpoint, beside the address or socket: the certificates, HTTP/2 by ALPN, and the name to
 * verify, without the final dot of a fully qualified name (RFC 6066, 3). An IP address is verified, but never sent as the server
 * name, which Node deprecates (DEP0123).
 */
export function tlsConnectOptions(endpoint: Endpoint, tls: TlsOptions | undefined): TlsConnectOptions {
  const name = tls?.serverName ?? (endpoint.socketPath === undefined ? endpoint.host : 'localhost');
  const host = name.replace(/\.$/, '');
  return {
    secureContext: secureContextOf(tls),
    ALPNProtocols: ['h2'],
    rejectUnauthorized: tls?.insecureSkipVerify !== true,
    checkServerIdentity: (_, certificate) => checkServerIdentity(host, certificate),
    ...(isIP(host) === 0 ? { servername: host } : {}),
  };
}
