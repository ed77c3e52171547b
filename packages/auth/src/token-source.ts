import { EtcdError, isEtcdError, remedyOf } from '@etcdts/core';
import { backoffMs, methods, type Backoff, type InterceptorSite } from '@etcdts/core/plugin';
import { Token } from './token.ts';

/** Fetches a token; `undefined` means that etcd has authentication off. */
export type TokenFetch = (site: InterceptorSite) => Promise<string | undefined>;

/** The deadline of a token request, whatever the deadlines of the calls that wait for it. */
const FETCH_MS = 10_000;
/** The pause before the next Authenticate call after consecutive refusals. Password checks are expensive for etcd. */
const AFTER_REFUSAL: Backoff = { firstMs: 1_000, longestMs: 30_000, jitter: 0.5 };
/** For how long members that lag behind may not know a new token yet, in milliseconds. */
const YOUNG_MS = 500;
/** How many attempts there are within that time, because the first members may be silent or gone. */
const TRIES = 3;

/**
 * The token of one cluster. It is kept until etcd refuses it, and fetched by one request at a time however many calls wait.
 *
 * A refused password fails every waiting call with the same error, and at once the calls of the next seconds.
 */
export class TokenSource {
  readonly #fetch: TokenFetch;
  readonly #allowInsecure: boolean;
  readonly #spreads: boolean;
  #token: Token | undefined;
  /** When the token was fetched. */
  #since = 0;
  #flight: { readonly site: InterceptorSite; readonly token: Promise<Token> } | undefined;
  #judgement: { readonly error: EtcdError; readonly until: number } | undefined;
  #refusals = 0;

  /** `spreads` is whether one member makes the tokens, and the others learn of them. */
  constructor(fetch: TokenFetch, allowInsecure: boolean, spreads: boolean) {
    this.#fetch = fetch;
    this.#allowInsecure = allowInsecure;
    this.#spreads = spreads;
  }

  /** The token in use; `undefined` if one must be fetched. */
  get current(): Token | undefined {
    return this.#token;
  }

  /** Drops this token because etcd has refused it. A newer one stays. */
  refused(token: Token): void {
    if (this.#token === token) this.#token = undefined;
  }

  /** Whether a member may refuse this token because it has not learnt of it yet, so that it need not be replaced. */
  isYoung(token: Token, { clock }: InterceptorSite): boolean {
    return this.#token === token && this.#spreads && clock.now() - this.#since < YOUNG_MS;
  }

  /** Returns the token in use, or fetches the next one. */
  async get(site: InterceptorSite): Promise<Token> {
    for (;;) {
      if (this.#token !== undefined) return this.#token;
      if (this.#judgement !== undefined && site.clock.now() < this.#judgement.until) throw this.#judgement.error;
      const flight = (this.#flight ??= { site, token: this.#renew(site) });
      try {
        return await flight.token;
      } catch (error) {
        // Another client over the same connections had sent the request and was closed meanwhile. This client goes on.
        if (flight.site === site || !isEtcdError(error, 'CLIENT_CLOSED')) throw error;
      }
    }
  }

  async #renew(site: InterceptorSite): Promise<Token> {
    try {
      this.#token = new Token(await this.#fetch(site), this.#allowInsecure);
      this.#since = site.clock.now();
      this.#refusals = 0;
      return this.#token;
    } catch (error) {
      // Only etcd's own verdict on name and password is kept. A proxy's error is no verdict on them.
      if (isEtcdError(error, 'AUTH_FAILED')) {
        const until = site.clock.now() + backoffMs(++this.#refusals, AFTER_REFUSAL, site.random);
        this.#judgement = { error, until };
      }
      throw error;
    } finally {
      this.#flight = undefined;
    }
  }
}

/** Fetches tokens by Authenticate (clientv3/client.go `getToken`). */
export function byPassword(name: string, password: string, allowInsecure: boolean): TokenFetch {
  return async (site) => {
    const options = { timeoutMs: FETCH_MS / TRIES, confidential: !allowInsecure };
    for (let tries = 1; ; tries++) {
      try {
        return (await site.unary(methods.authenticate, { name, password }, options)).token;
      } catch (error) {
        if (isEtcdError(error, 'AUTH_NOT_ENABLED')) return undefined;
        if (tries === TRIES || !isEtcdError(error) || !mayAskAtOnce(error)) throw error;
      }
    }
  };
}

/** Whether another member may answer. Authenticate changes nothing, so that it may be repeated even if it was executed. */
function mayAskAtOnce(error: EtcdError): boolean {
  const remedy = remedyOf(error);
  return remedy === 'again' || remedy === 'elsewhere';
}

/** Fetches tokens from a function of the application. */
export function byFunction(give: () => Promise<string>): TokenFetch {
  return (site) => {
    const deadline = site.clock.now() + FETCH_MS;
    return site.wait({ method: methods.authenticate, deadline, signal: undefined }, given(give));
  };
}

async function given(give: () => Promise<string>): Promise<string> {
  let token: unknown;
  try {
    token = await give();
  } catch (cause) {
    throw noToken('the token function failed', cause);
  }
  if (typeof token !== 'string' || token === '') throw noToken('the token function gave no token');
  return token;
}

function noToken(message: string, cause?: unknown): EtcdError {
  return new EtcdError({ code: 'UNAUTHENTICATED', message, outcome: 'not-applied', cause });
}
