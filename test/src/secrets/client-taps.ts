// Taps on the clients that a process makes: what they are given is learned, what they say is looked at.
import type { ClientDescription, ClientOptions, EtcdClient, Logger } from '@etcdts/core';
import type { KnownSecrets } from './known-secrets.ts';
import { learnArguments, learnMetadata } from './learning.ts';
import { lookAt, replace } from './replace.ts';

/** Hands over the resolved options of every client, which core registers in a container of its own. */
export function tapOptions(tsyringe: { readonly container: object }, resolved: (options: ClientOptions) => void): void {
  const containers = Object.getPrototypeOf(tsyringe.container) as object;
  lookAt(containers, 'register', (container, [token, provider]) => {
    if (typeof token !== 'symbol' || token.description !== 'etcdts.options') return;
    // Core keeps what the factory makes, and takes the logger and the transport from there when it needs them.
    resolved((provider as { useFactory(container: unknown): ClientOptions }).useFactory(container));
  });
}

/** The same logger; each line is handed over as well. */
export function tappedLogger(logger: Logger, line: (text: string) => void): Logger {
  const level = (name: keyof Logger) => (message: string) => (line(message), logger[name](message));
  return { debug: level('debug'), info: level('info'), warn: level('warn'), error: level('error') };
}

/** The same transport; the private key and the metadata that pass it are learned. */
export function tappedTransport(
  transport: NonNullable<ClientOptions['transport']>,
  secrets: KnownSecrets,
): typeof transport {
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
