import type { Metadata } from '@etcdts/core';
import type { Call, Method } from '@etcdts/core/plugin';

const KEY = 'token';

/** One token as calls carry it (clientv3/credentials), or none if etcd has authentication off. Printing it shows no secret. */
export class Token {
  readonly #value: string | undefined;
  readonly #allowInsecure: boolean;
  readonly #extended: WeakMap<Metadata, Metadata> = new WeakMap();

  constructor(value: string | undefined, allowInsecure: boolean) {
    this.#value = value;
    this.#allowInsecure = allowInsecure;
  }

  /** Returns the call with this token. */
  on<M extends Method>(call: Call<M>): Call<M> {
    if (this.#value === undefined) return call;
    return {
      ...call,
      metadata: this.#extend(call.metadata, this.#value),
      confidential: call.confidential || !this.#allowInsecure,
    };
  }

  /** Returns one object for all calls with the same metadata, because a transport converts each object once. */
  #extend(metadata: Metadata, value: string): Metadata {
    let extended = this.#extended.get(metadata);
    if (extended === undefined) {
      extended = Object.freeze({ ...metadata, [KEY]: value });
      this.#extended.set(metadata, extended);
    }
    return extended;
  }
}

/** Whether a call has a token of its own, which the caller must renew. */
export function hasToken(call: Call): boolean {
  return call.metadata[KEY] !== undefined;
}
