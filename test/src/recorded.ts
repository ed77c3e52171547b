// Everything that a client shows: log lines, and every error that it throws, as people and programs print it.
import { inspect } from 'node:util';
import type { EtcdOperations, Logger } from '@etcdts/core';
import { formsOf, textsOf } from './secrets/texts.ts';

/** Collects what was shown. The same object counts once. */
export class Showing {
  readonly texts: string[] = [];
  errors = 0;
  readonly #seen: Set<unknown> = new Set();

  readonly logger: Logger = {
    debug: (...line) => this.#log(line),
    info: (...line) => this.#log(line),
    warn: (...line) => this.#log(line),
    error: (...line) => this.#log(line),
  };

  #log([message, fields]: readonly [string, (object | undefined)?]): void {
    this.texts.push(message, inspect(fields, { depth: Infinity }));
  }

  /** Prints a value in all ways; an error with its stack, its causes and the errors that it sums up. */
  readonly show = (thing: unknown): void => {
    const before = this.#seen.size;
    this.texts.push(...textsOf(thing, this.#seen));
    if (thing instanceof Error && this.#seen.size > before) this.errors++;
  };

  /** The secrets in what was shown, as text or as bytes, each with the text around it. */
  hits(secrets: readonly string[]): string[] {
    return secrets.flatMap((secret) =>
      formsOf(secret).flatMap((form) =>
        this.texts
          .filter((text) => text.includes(form))
          .slice(0, 3)
          .map((text) => `${secret}: …${text.slice(Math.max(0, text.indexOf(form) - 100)).slice(0, 300)}…`),
      ),
    );
  }
}

/** Returns a client that also records every error, at once or during an iteration. */
export function recorded<T extends EtcdOperations>(client: T, show: (error: unknown) => void): T {
  return follow(client, show);
}

function follow<T extends object>(object: T, show: (error: unknown) => void): T {
  return new Proxy(object, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return isFollowed(value) ? follow(value, show) : note(value, show);
      return (...args: unknown[]): unknown => {
        try {
          const result: unknown = Reflect.apply(value, target, args);
          return isFollowed(result) ? follow(result, show) : note(result, show);
        } catch (error) {
          show(error);
          throw error;
        }
      };
    },
  });
}

/** Facades, streams and their iterators; not what they resolve to. */
function isFollowed(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  const made = value as Record<PropertyKey, unknown>;
  return ['put', 'watch', 'grant', 'next', Symbol.asyncIterator].some((name) => typeof made[name] === 'function');
}

function note<T>(value: T, show: (error: unknown) => void): T {
  if (value instanceof Promise) value.catch(show);
  // The holder of the lease sees the reason of the signal.
  if (value instanceof AbortSignal) value.addEventListener('abort', () => show(value.reason));
  return value;
}
