import { lookup } from 'node:dns';

/**
 * Finds the addresses of a host name, in the order in which they are tried. Calls back once, later. It has a signature of its
 * own, so that tests and transports can replace it.
 */
export type Lookup = (host: string, done: (error: Error | undefined, addresses: readonly string[]) => void) => void;

/** Node's own lookup: all addresses, in the order that `dns.setDefaultResultOrder` sets. */
export const systemLookup: Lookup = (host, done) =>
  lookup(host, { all: true }, (error, addresses) =>
    error === null
      ? done(
          undefined,
          addresses.map(({ address }) => address),
        )
      : done(error, []),
  );
