import { isLoader } from './transport/tls-source.ts';
import type { KeepaliveTimes, TlsLoader, TlsOptions } from './transport/transport.ts';

/** Which TLS options a client has (`describe().tls`). It holds no certificate and no key. */
export interface TlsDescription {
  readonly ca: boolean;
  readonly clientCertificate: boolean;
  readonly insecureSkipVerify: boolean;
  /** Whether the options are loaded for each new connection. */
  readonly load: boolean;
}

/** The parts of a client, for people to read (`describe()`). It holds no secret. */
export interface ClientDescription {
  readonly transport: string;
  /** The names of the interceptors, the outermost first. */
  readonly interceptors: readonly string[];
  readonly endpoints: readonly { readonly address: string; readonly secure: boolean; readonly state: string }[];
  /** The TLS options; with `load`, those that were loaded last. */
  readonly tls: TlsDescription | undefined;
  readonly requestTimeoutMs: number;
  readonly connectTimeoutMs: number;
  readonly keepalive: KeepaliveTimes | undefined;
  readonly maxSendBytes: number;
  readonly maxReceiveBytes: number;
  readonly watchBufferBytes: number;
  readonly closed: boolean;
}

/** Describes TLS options. `now` are the options in use; `undefined` if none are loaded yet. */
export function describeTls(given: TlsOptions | TlsLoader, now: TlsOptions | undefined): TlsDescription {
  return {
    ca: now?.ca !== undefined,
    clientCertificate: now?.cert !== undefined,
    insecureSkipVerify: (now ?? given).insecureSkipVerify === true,
    load: isLoader(given),
  };
}
