// Taps on whole modules, from outside of the packages. A test that plants a leak covers each of them.
import Module from 'node:module';
import type { Registry } from 'prom-client';
import type { KnownSecrets } from './known-secrets.ts';
import { learnFrom } from './learning.ts';
import { lookAt, replace } from './replace.ts';

/** Hands over every error of a class as it is made: its fields are set after that. */
export function tapErrors(errorClass: object, made: (error: Error) => void): void {
  function Tapped(...args: unknown[]): Error {
    // The stack is taken once, and without this function: property tests make errors by the ten thousand.
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    const error = Reflect.construct(Error, args, new.target as never) as Error;
    Error.stackTraceLimit = stackTraceLimit;
    Error.captureStackTrace(error, Tapped);
    made(error);
    return error;
  }
  // `super()` looks its constructor up when it is called.
  Object.setPrototypeOf(errorClass, Tapped);
}

/** Learns what is secret in requests, and the tokens in answers. */
export function tapMethods(methods: object, secrets: KnownSecrets): void {
  for (const { codec, name } of Object.values(methods) as { codec: object; name: string }[]) {
    lookAt(codec, 'encodeRequest', (_, [request]) => learnFrom(secrets, request));
    // Others answer with what they were asked for, or with what another program wrote.
    if (name !== 'Authenticate') continue;
    replace(codec, 'decodeResponse', (decode) => (bytes) => {
      const response = decode(bytes);
      const { token } = response as { readonly token: string };
      // Each part of a JSON Web Token, for they all begin alike.
      for (const one of [token, ...token.split('.')]) secrets.learn('credential', one);
      return response;
    });
  }
}

/** Calls `loaded` with a CommonJS module once it is loaded, if it is at all: most tests need not pay for it. */
export function whenLoaded(name: string, loaded: (exports: never) => void): void {
  const file = new RegExp(`^${name}$|[\\\\/]node_modules[\\\\/]${name}[\\\\/]`);
  const known = new Set<unknown>();
  replace(
    Module,
    '_load',
    (load) =>
      function (...args) {
        const exports = Reflect.apply(load, this, args);
        if (file.test(String(args[0])) && !known.has(exports)) {
          known.add(exports);
          loaded(exports as never);
        }
        return exports;
      },
  );
}

/** Hands over all that registries of prom-client say when they are read, and gives the registries there are. */
export function tapRegistries(promClient: { readonly Registry: object }, read: (text: string) => void): Set<Registry> {
  const registries = new Set<Registry>();
  const { prototype } = promClient.Registry as { prototype: object };
  lookAt(prototype, 'registerMetric', (registry) => registries.add(registry as Registry));
  replace(
    prototype,
    'metrics',
    (metrics) =>
      async function () {
        const text = (await Reflect.apply(metrics, this, [])) as string;
        read(text);
        return text;
      },
  );
  return registries;
}

/** Hands over what the process prints. */
export function tapOutput(printed: (text: string) => void): void {
  for (const stream of [process.stdout, process.stderr]) {
    lookAt(stream, 'write', (_, [chunk]) =>
      printed(typeof chunk === 'string' ? chunk : Buffer.from(chunk as Uint8Array).toString()),
    );
  }
}
