import { randomInt } from 'node:crypto';
import type { Clock } from '../clock.ts';

const LETTERS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';
const LENGTH = 16;

/** etcd's simple tokens (auth/simple_token.go). They are random, valid as long as they are used, and gone with the process. */
export class SimpleTokens {
  readonly #tokens = new Map<string, { readonly user: string; expiry: number }>();
  readonly #clock: Clock;
  readonly #ttlMs: number;

  constructor(clock: Clock, ttlSeconds: number) {
    this.#clock = clock;
    this.#ttlMs = ttlSeconds * 1_000;
  }

  /** Makes a token for a user. `index` is the position of the request in the log, which etcd appends. */
  assign(user: string, index: number): string {
    const letters = Array.from({ length: LENGTH }, () => LETTERS.charAt(randomInt(LETTERS.length)));
    const token = `${letters.join('')}.${index}`;
    this.#drop(({ expiry }) => expiry < this.#clock.now());
    this.#tokens.set(token, { user, expiry: this.#clock.now() + this.#ttlMs });
    return token;
  }

  /** Returns the user of a token, whose life starts anew; `undefined` for an unknown or expired token. */
  userOf(token: string): string | undefined {
    const found = this.#tokens.get(token);
    if (found === undefined || found.expiry < this.#clock.now()) return undefined;
    found.expiry = this.#clock.now() + this.#ttlMs;
    return found.user;
  }

  /** Makes the tokens of a user, or all tokens, invalid. */
  invalidate(user?: string): void {
    this.#drop((token) => user === undefined || token.user === user);
  }

  #drop(which: (token: { readonly user: string; readonly expiry: number }) => boolean): void {
    for (const [token, found] of this.#tokens) if (which(found)) this.#tokens.delete(token);
  }
}
