import { isLoader } from './transport/tls-source.ts';
import type { KeepaliveTimes, TlsLoader, TlsOptions } from './transport/transport.ts';

/** Which TLS options a client has (`describe().tls`). It holds no certificate and no key. */
export interface TlsDescription {
  /** Whether authorities are given, in place of those of Node. */
  readonly ca: boolean;
  /** Whether the client has a certificate of its own. */
  readonly clientCertificate: boolean;
  /** Whether the server's certificate is accepted unchecked. */
  readonly insecureSkipVerify: boolean;
  /** Whether the options are loaded for each new connection. */
  readonly load: boolean;
}

/** The parts of a client, for people to read (`describe()`). It holds no secret. */
export interface ClientDescription {
  /** The name of the transport, such as `@grpc/grpc-js` or `@etcdts/http2`. */
  readonly transport: string;
  /** The names of the interceptors, the outermost first. */
  readonly interceptors: readonly string[];
  /** The endpoints in use, with the state of the connection to each. */
  readonly endpoints: readonly {
    /** The address, without user info. */
    readonly address: string;
    /** Whether it is spoken to over TLS. */
    readonly secure: boolean;
    /** The state of the connection: `idle`, `connecting`, `ready` or `failed`. */
    readonly state: string;
  }[];
  /** The TLS options; with `load`, those that were loaded last. */
  readonly tls: TlsDescription | undefined;
  /** The deadline in milliseconds of a unary call that is given none; `Infinity` for none. */
  readonly requestTimeoutMs: number;
  /** How long an attempt to connect may take, in milliseconds. */
  readonly connectTimeoutMs: number;
  /** When connections ping; `undefined` if they do not. */
  readonly keepalive: KeepaliveTimes | undefined;
  /** The size of the largest request in bytes. */
  readonly maxSendBytes: number;
  /** The size of the largest message from etcd in bytes. */
  readonly maxReceiveBytes: number;
  /** How many bytes may wait for the reader of a watch that is not given `maxBufferedBytes`. */
  readonly watchBufferBytes: number;
  /** Whether `close()` was called, or `signal` has closed the client. */
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
