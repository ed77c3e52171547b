import { isLoader } from './transport/tls-source.ts';
import type { KeepaliveTimes, TlsLoader, TlsOptions } from './transport/transport.ts';

/** What TLS options a client has: `describe().tls`. Holds no certificate and no key. */
export interface TlsDescription {
  readonly ca: boolean;
  readonly clientCertificate: boolean;
  readonly insecureSkipVerify: boolean;
  /** Whether they are loaded for each new connection. */
  readonly load: boolean;
}

/** What a client is made of, for people: `describe()`. Holds no secret. */
export interface ClientDescription {
  readonly transport: string;
  /** By name, the outermost first. */
  readonly interceptors: readonly string[];
  readonly endpoints: readonly { readonly address: string; readonly secure: boolean; readonly state: string }[];
  /** What the TLS options have; with `load`, those that were loaded last. */
  readonly tls: TlsDescription | undefined;
  readonly requestTimeoutMs: number;
  readonly connectTimeoutMs: number;
  readonly keepalive: KeepaliveTimes | undefined;
  readonly maxSendBytes: number;
  readonly maxReceiveBytes: number;
  readonly watchBufferBytes: number;
  readonly closed: boolean;
}

/** Describes TLS options; `now` are those in use, if any were loaded yet. */
export function describeTls(given: TlsOptions | TlsLoader, now: TlsOptions | undefined): TlsDescription {
  return {
    ca: now?.ca !== undefined,
    clientCertificate: now?.cert !== undefined,
    insecureSkipVerify: (now ?? given).insecureSkipVerify === true,
    load: isLoader(given),
  };
}
