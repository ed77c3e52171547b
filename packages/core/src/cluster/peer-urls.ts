import { describe } from '../describe.ts';
import { invalidArgument } from '../errors.ts';

// One host, one port and nothing after them, as etcd's own check requires. User info and query are refused, since etcd drops them.
const HOST_AND_PORT = /^\/\/(?:\[[0-9a-f:.%]+\]|[^\s/?#@:[\]]+):(\d{1,5})$/i;

/**
 * Checks the peer URLs of a member before any RPC (client/pkg/types/urls.go `NewURLs`): at least one, each
 * `http://host:port`, `https://host:port`, `unix:…` or `unixs:…`, without a path. The error does not repeat the text of a
 * refused URL, because it may hold a password.
 */
export function toPeerUrls(urls: readonly string[], argument: string): string[] {
  if (!Array.isArray(urls)) throw invalidArgument(argument, `must be an array of URLs, not ${describe(urls)}`);
  if (urls.length === 0) throw invalidArgument(argument, 'must hold at least one URL');
  return urls.map((url: unknown, index) => {
    const reason = typeof url === 'string' ? fault(url) : `must be a string, not ${describe(url)}`;
    if (reason !== undefined) throw invalidArgument(argument, `entry ${index} ${reason}`);
    return url as string;
  });
}

function fault(url: string): string | undefined {
  const [, scheme, rest = ''] = /^(https?|unixs?):(.*)$/is.exec(url) ?? [];
  if (scheme === undefined) return 'must begin with http://, https://, unix:// or unixs://';
  if (/^unixs?$/i.test(scheme)) return /^(?:\/\/)?\/?[^\s/]/.test(rest) ? undefined : 'must name a socket';
  if (/^\/\/[^/]+\//.test(rest)) return 'must end after host:port: a peer URL has no path';
  const port = HOST_AND_PORT.exec(rest)?.[1];
  if (port === undefined) return 'must have the form scheme://host:port';
  return Number(port) >= 1 && Number(port) <= 65_535 ? undefined : 'must have a port between 1 and 65535';
}
