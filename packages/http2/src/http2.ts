import {
  checkOptions,
  connectionTo,
  invalidArgument,
  systemClock,
  systemLookup,
  toCount,
  type AddressParts,
  type Lookup,
  type Transport,
} from '@etcdts/core/plugin';
import { Http2Connection } from './connection.ts';

/** Options of {@link http2Transport}. */
export interface Http2TransportOptions {
  /** How host names are looked up. Defaults to Node's `dns.lookup`, for all addresses. */
  readonly lookup?: Lookup | undefined;
  /**
   * How many bytes of one call's answer the server may send ahead of its reader (SETTINGS_INITIAL_WINDOW_SIZE); from 65,535 to
   * 2 GiB - 1. Defaults to 1 MiB. A larger message arrives all the same. More speeds up large answers over a long way; each slow reader of a stream
   * may hold so much memory.
   */
  readonly windowBytes?: number | undefined;
  /** The same for all calls of a connection together; from 65,535 to 2 GiB - 1. Defaults to 64 MiB. */
  readonly connectionWindowBytes?: number | undefined;
  /**
   * The largest header list that a server may send (SETTINGS_MAX_HEADER_LIST_SIZE): the sum of the names and values of its fields,
   * and 32 bytes for each; from 4,096 to 16 MiB. Defaults to 64 KiB. A larger one ends its call.
   */
  readonly maxHeaderListBytes?: number | undefined;
}

/** What a window may have at least, which is what it has before any SETTINGS, and at most (RFC 9113, 6.9.1 and 6.9.2). */
const LEAST_WINDOW = 65_535;
const MOST_WINDOW = 2 ** 31 - 1;

/** Options that a user may look for here. */
const OF_THE_CLIENT = ['endpoints', 'tls', 'keepalive', 'connectTimeoutMs', 'maxReceiveBytes', 'maxSendBytes'];

/**
 * Makes a transport with an HTTP/2 connection of its own over `node:net` and `node:tls`: `ClientOptions.transport` of
 * `createClient`. It loads no module of @grpc/grpc-js, costs a small part of its CPU, and behaves as it does: the same errors,
 * outcomes, TLS options, keepalive and addresses. HTTP proxies are not used. Several clients may share one transport.
 *
 * Throws `INVALID_ARGUMENT` for an unknown option or a wrong value.
 */
export function http2Transport(options: Http2TransportOptions = {}): Transport {
  const foreign = OF_THE_CLIENT.find((name) => typeof options === 'object' && Object.hasOwn(options ?? {}, name));
  if (foreign !== undefined) throw invalidArgument(foreign, 'is an option of createClient, not of its transport');
  checkOptions<Http2TransportOptions>(options, {
    lookup: 'function',
    windowBytes: true,
    connectionWindowBytes: true,
    maxHeaderListBytes: true,
  });
  const { lookup = systemLookup } = options;
  const settings = {
    windowBytes: bytes(options.windowBytes, 1 << 20, 'windowBytes', LEAST_WINDOW, MOST_WINDOW),
    connectionWindowBytes: bytes(
      options.connectionWindowBytes,
      1 << 26,
      'connectionWindowBytes',
      LEAST_WINDOW,
      MOST_WINDOW,
    ),
    maxHeaderListBytes: bytes(options.maxHeaderListBytes, 1 << 16, 'maxHeaderListBytes', 4_096, 1 << 24),
    firstStreamId: 1,
  };
  const peeked = new Set<string>();
  const parts = {
    lookup,
    clock: systemClock,
    connect: (endpoint, options) => new Http2Connection(endpoint, options, settings, peeked),
  } satisfies AddressParts;
  return { name: '@etcdts/http2', connect: (endpoint, options) => connectionTo(endpoint, options, parts) };
}

/** A number of bytes within its bounds, or the default. */
function bytes(value: number | undefined, otherwise: number, argument: string, least: number, most: number): number {
  if (value === undefined) return otherwise;
  const number = toCount(value, argument, least);
  if (number > most) throw invalidArgument(argument, `must be at most ${most}, not ${number}`);
  return number;
}
