import { BlockList, isIP } from 'node:net';
import { describe } from '../describe.ts';
import { invalidArgument } from '../errors.ts';

/** One parsed endpoint: the address to connect to, its name, and whether TLS is used. */
export interface Endpoint {
  /** The endpoint as it is shown: scheme and address, never user info. */
  readonly address: string;
  /** Host name or IP address, without brackets; empty for a unix socket. */
  readonly host: string;
  /** The address to connect to, if `host` is a name that was looked up. */
  readonly ip?: string | undefined;
  /** 0 for a unix socket. */
  readonly port: number;
  /** Path of a unix socket. */
  readonly socketPath: string | undefined;
  /** Whether it is spoken to over TLS. */
  readonly secure: boolean;
}

const DEFAULT_PORT = 2379;

/**
 * Parses one endpoint (clientv3/internal/endpoint): `host:port`, `http://…`, `https://…`, `unix:path`, `unixs:path`,
 * `[::1]:2379`. Without a scheme, TLS is used if the client has TLS options. The port defaults to 2379.
 */
export function parseEndpoint(text: string, tlsByDefault: boolean, argument = 'endpoints'): Endpoint {
  if (typeof text !== 'string') throw invalidArgument(argument, `must be text, not ${describe(text)}`);
  if (text.trim() === '') throw invalidArgument(argument, 'holds an empty endpoint');
  const refuse = (reason: string): never => {
    // A query may hold a token.
    const [shown = ''] = text.slice(0, 256).split(/[?#]/);
    throw invalidArgument(argument, `holds ${JSON.stringify(shown)}, ${reason}`);
  };
  const match = /^(?:(\w[\w+.-]*):\/\/|(unixs?):)?(.*)$/s.exec(text.trim()) as RegExpExecArray;
  const scheme = (match[1] ?? match[2] ?? '').toLowerCase();
  const rest = match[3] as string;
  if (scheme === 'unix' || scheme === 'unixs') {
    if (rest === '') refuse('a unix socket without a path');
    const secure = scheme === 'unixs' || tlsByDefault;
    return { address: `${scheme}:${rest}`, host: '', port: 0, socketPath: rest, secure };
  }
  // The error does not quote the text, because user info may hold a password.
  if (rest.includes('@'))
    throw invalidArgument(
      argument,
      'holds an endpoint with user info: give user and password to auth() of @etcdts/auth',
    );
  if (scheme !== '' && scheme !== 'http' && scheme !== 'https') {
    refuse('whose scheme is none of http, https, unix and unixs');
  }
  const authority = rest.replace(/\/$/, '');
  if (/[/?#\s]/.test(authority)) refuse('which must be a host and a port, without path or query');
  const parts = /^(?:\[([^\]]*)\]|([^:]*))(?::(\d*))?$/.exec(authority);
  if (parts === null) return refuse('which is no "host:port"; an IPv6 address stands in brackets');
  const host = parts[1] ?? (parts[2] as string);
  if (parts[1] !== undefined && isIP(host) !== 6) refuse('whose brackets hold no IPv6 address');
  if (host === '') refuse('which has no host');
  const port = parts[3] === undefined ? DEFAULT_PORT : Number(parts[3]);
  if (parts[3] === '' || port < 1 || port > 65_535) refuse('whose port is not between 1 and 65535');
  const secure = scheme === 'https' || (scheme === '' && tlsByDefault);
  const shown = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  return { address: scheme === '' ? shown : `${scheme}://${shown}`, host, port, socketPath: undefined, secure };
}

/**
 * Parses a client's list of endpoints: at least one, in the order given. Two spellings of one endpoint count once. A text may hold
 * several endpoints with commas between them. In an array, the path of a socket may contain a comma.
 */
export function parseEndpoints(list: string | readonly string[], tlsByDefault: boolean): readonly Endpoint[] {
  if (typeof list !== 'string' && !Array.isArray(list ?? []))
    throw invalidArgument('endpoints', `must be a text or an array of texts, not ${describe(list)}`);
  const texts =
    typeof list === 'string'
      ? separate(list)
      : list?.flatMap((text) => (/^unixs?:/i.test(text) ? text : separate(text)));
  if (texts === undefined || !texts.some((text) => text !== '')) {
    const given = list === undefined || list === null ? String(list) : 'empty';
    const hint = `and is ${given}: pass one or many, as host:2379; is the variable set that they come from?`;
    throw invalidArgument('endpoints', `must name at least one endpoint, ${hint}`, 'NO_AVAILABLE_ENDPOINTS');
  }
  const endpoints = new Map<string, Endpoint>();
  for (const text of texts as readonly string[]) {
    const endpoint = parseEndpoint(text, tlsByDefault);
    const identity = identityOf(endpoint);
    if (!endpoints.has(identity)) endpoints.set(identity, endpoint);
  }
  return [...endpoints.values()];
}

/** Splits a text at its commas and drops empty parts. */
function separate(text: string): readonly string[] {
  return typeof text === 'string' && text.includes(',') ? text.split(',').filter((part) => part.trim() !== '') : [text];
}

/** The identity of an endpoint, equal for all its spellings: capitals, a final slash, a default port or scheme do not matter. */
export function identityOf(endpoint: Endpoint): string {
  const { address, host, port, socketPath, secure } = endpoint;
  return socketPath === undefined ? `${secure ? 'https' : 'http'}://${host.toLowerCase()}:${port}` : address;
}

/** The `:authority` of an endpoint: host and port, or `localhost` for a unix socket, as in clientv3. */
export function authorityOf(endpoint: Endpoint): string {
  if (endpoint.socketPath !== undefined) return 'localhost';
  return `${endpoint.host.includes(':') ? `[${endpoint.host}]` : endpoint.host}:${endpoint.port}`;
}

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');

/** Whether the way to an endpoint is safe from eavesdropping: TLS, a unix socket, or a connection within this machine. */
export function isConfidential(endpoint: Endpoint): boolean {
  const { secure, socketPath, host } = endpoint;
  if (secure || socketPath !== undefined || host.toLowerCase() === 'localhost') return true;
  const family = isIP(host);
  return family !== 0 && LOOPBACK.check(host, family === 6 ? 'ipv6' : 'ipv4');
}
