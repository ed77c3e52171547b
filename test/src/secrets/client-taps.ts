// Taps on the clients of a process. They learn the secrets that clients get, and search what clients show.
import { inspect } from 'node:util';
import type { ClientDescription, EtcdClient, Logger } from '@etcdts/core';
import type { Transport } from '@etcdts/core/plugin';
import type { KnownSecrets } from './known-secrets.ts';
import { learnArguments, learnMetadata } from './learning.ts';
import { lookAt, replace } from './replace.ts';

/** Puts a tapped logger and transport in place of those that core registers in the container of every client. */
export function tapParts(
  tsyringe: { readonly container: object },
  taps: { logger(logger: Logger): Logger; transport(transport: Transport): Transport },
): void {
  const containers = Object.getPrototypeOf(tsyringe.container) as object;
  lookAt(containers, 'register', (_, [token, provider]) => {
    const name = typeof token === 'symbol' ? Symbol.keyFor(token) : undefined;
    // Core resolves its parts from there.
    const part = provider as { useValue: unknown };
    if (name === '@etcdts/core.logger') part.useValue = taps.logger(part.useValue as Logger);
    if (name === '@etcdts/core.transport') part.useValue = taps.transport(part.useValue as Transport);
  });
}

/** Returns the same logger, which also reports each line. */
export function tappedLogger(logger: Logger, line: (text: string) => void): Logger {
  const level = (name: keyof Logger) => (message: string, fields?: object) => {
    line(fields === undefined ? message : `${message} ${inspect(fields)}`);
    logger[name](message, fields);
  };
  return { debug: level('debug'), info: level('info'), warn: level('warn'), error: level('error') };
}

/** The same transport; the private key and the metadata that pass it are learned. */
export function tappedTransport(transport: Transport, secrets: KnownSecrets): Transport {
  const known = new WeakSet<object>();
  return {
    name: transport.name,
    connect(endpoint, options) {
      for (const line of String(options.tls?.key ?? '').split('\n'))
        if (line.length > 20 && !line.startsWith('-----')) secrets.learn('credential', line);
      const connection = transport.connect(endpoint, options);
      lookAt(connection, 'start', (_, [, metadata]) => {
        if (!known.has(metadata as object)) learnMetadata(secrets, metadata);
        known.add(metadata as object);
      });
      return connection;
    },
  };
}

/** Learns what the methods of a class are given: also what the client refuses, which never becomes a message. */
export function tapArguments(facade: { readonly prototype: object }, secrets: KnownSecrets): void {
  for (const name of Object.getOwnPropertyNames(facade.prototype))
    if (name !== 'constructor') lookAt(facade.prototype, name, (_, args) => learnArguments(secrets, args));
}

/** Hands over every description of a client, one at its close included. */
export function tapClients(described: (description: ClientDescription) => void): void {
  const tapped = new Set<object>();
  // The class is not exported, but core keeps what is behind its clients in a WeakMap, by the client.
  lookAt(WeakMap.prototype, 'set', (_, [client]) => {
    const { describe, intercept } = (client ?? {}) as Partial<EtcdClient>;
    const prototype = Object.getPrototypeOf(client) as object;
    if (typeof describe !== 'function' || typeof intercept !== 'function' || tapped.has(prototype)) return;
    tapped.add(prototype);
    replace(
      prototype,
      'describe',
      (old) =>
        function () {
          const description = Reflect.apply(old, this, []) as ClientDescription;
          described(description);
          return description;
        },
    );
    lookAt(prototype, 'close', (closing) => (closing as EtcdClient).describe());
  });
}
