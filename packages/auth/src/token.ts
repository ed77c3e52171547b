import type { Metadata } from '@etcdts/core';
import type { Call, Method } from '@etcdts/core/plugin';

const KEY = 'token';

/** One token as calls carry it (clientv3/credentials); or none, where etcd has authentication off. Shows nothing. */
export class Token {
  readonly #value: string | undefined;
  readonly #allowInsecure: boolean;
  readonly #extended: WeakMap<Metadata, Metadata> = new WeakMap();

  constructor(value: string | undefined, allowInsecure: boolean) {
    this.#value = value;
    this.#allowInsecure = allowInsecure;
  }

  /** The call with this token. */
  on<M extends Method>(call: Call<M>): Call<M> {
    if (this.#value === undefined) return call;
    return {
      ...call,
      metadata: this.#extend(call.metadata, this.#value),
      confidential: call.confidential || !this.#allowInsecure,
    };
  }

  /** One object for all calls of the same metadata: a transport makes its own form of each object once. */
  #extend(metadata: Metadata, value: string): Metadata {
    let extended = this.#extended.get(metadata);
    if (extended === undefined) {
      extended = Object.freeze({ ...metadata, [KEY]: value });
      this.#extended.set(metadata, extended);
    }
    return extended;
  }
}

/** Whether a call brings a token of its own, which is the caller's to renew. */
export function hasToken(call: Call): boolean {
  return call.metadata[KEY] !== undefined;
}
