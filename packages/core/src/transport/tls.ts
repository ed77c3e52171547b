import { isIP } from 'node:net';
import type { ConnectionOptions as TlsConnectOptions, SecureContext } from 'node:tls';
import { describe } from '../describe.ts';
import { invalidArgument } from '../errors.ts';
import { tls as tlsModule } from '../late-modules.ts';
import type { Endpoint } from './endpoints.ts';
import type { TlsOptions } from './transport.ts';

/** Reads certificates and key. Bad PEM is refused by name. */
export function secureContextOf(tls: TlsOptions | undefined): SecureContext {
  if ((tls?.cert === undefined) !== (tls?.key === undefined)) {
    const [given, missing] = tls?.cert === undefined ? ['key', 'cert'] : ['cert', 'key'];
    throw invalidArgument(`tls.${missing}`, `is missing: tls.${given} is given, and they go together`);
  }
  for (const name of ['ca', 'cert', 'key'] as const) if (tls?.[name] !== undefined) checkPem(tls[name], `tls.${name}`);
  try {
    return tlsModule().createSecureContext({ ca: tls?.ca, cert: tls?.cert, key: tls?.key, minVersion: 'TLSv1.2' });
  } catch (cause) {
    // OpenSSL's own text names the reason and holds no key material.
    throw invalidArgument('tls', `holds a certificate or key that cannot be read: ${(cause as Error).message}`);
  }
}

/** Refuses what is no PEM, which Node passes over for `ca`. Its content is not shown: it may be a key. */
function checkPem(value: unknown, argument: string): void {
  if (typeof value !== 'string' && !(value instanceof Uint8Array)) {
    throw invalidArgument(argument, `must be PEM, a string or a Buffer, not ${describe(value)}`);
  }
  if (typeof value === 'string' && isPath(value)) {
    throw invalidArgument(argument, 'holds a path: read the file, as readFileSync does, and pass its content');
  }
  if (!Buffer.from(value as string).includes('-----BEGIN')) {
    throw invalidArgument(argument, 'holds no PEM: it has no line -----BEGIN …-----');
  }
}

function isPath(text: string): boolean {
  return !text.includes('-----') && !text.includes('\n') && /[/\\]|\.(pem|crt|cer|der|key|p12|pfx)$/i.test(text);
}

/**
 * The options of `tls.connect` for an endpoint, beside the address or socket: the certificates, HTTP/2 by ALPN, and the name to
 * verify, without the final dot of a fully qualified name (RFC 6066, 3). An IP address is verified, but never sent as the server
 * name, which Node deprecates (DEP0123). Throws `INVALID_ARGUMENT` for certificates or a key that cannot be read.
 */
export function tlsConnectOptions(endpoint: Endpoint, tls: TlsOptions | undefined): TlsConnectOptions {
  const name = tls?.serverName ?? (endpoint.socketPath === undefined ? endpoint.host : 'localhost');
  const host = name.replace(/\.$/, '');
  return {
    secureContext: secureContextOf(tls),
    ALPNProtocols: ['h2'],
    rejectUnauthorized: tls?.insecureSkipVerify !== true,
    checkServerIdentity: (_, certificate) => tlsModule().checkServerIdentity(host, certificate),
    ...(isIP(host) === 0 ? { servername: host } : {}),
  };
}
