import { checkOptions, invalidArgument, methods, toBytes } from '@etcdts/core/plugin';
import type { Interceptor, InterceptorSite, Method, StreamHandler, UnaryHandler } from '@etcdts/core/plugin';
import { streamWith, unaryWith } from './handlers.ts';
import { byFunction, byPassword, TokenSource, type TokenFetch } from './token-source.ts';
import { hasToken, Token } from './token.ts';

/** Who a client is: a user with a password, a token that is given, or a function that gives one whenever one is needed. */
export type Credentials =
  | { username: string; password: string; token?: undefined }
  | { token: string | (() => Promise<string>); username?: undefined; password?: undefined };

/** Options of `auth`. */
export type AuthOptions = Credentials & {
  /** Sends password and token over plain HTTP to other machines too. Off by default: such calls fail with `INSECURE_ENDPOINT`. */
  allowInsecure?: boolean | undefined;
};

/**
 * Authenticates every call and stream of a client (clientv3 `Config.Username`, `Password`, `Token`).
 *
 * The token is fetched on first use, by one request however many calls wait, and used for everything until etcd refuses
 * it: then it is renewed, once, and the calls that were refused are repeated. They were not applied, so that holds for
 * writes too. Watches and keepalives go on over a new stream. Where authentication is not enabled, calls go without a
 * token until etcd asks for one. A token given as a string is never renewed.
 *
 * A wrong password fails the calls that wait with `AUTH_FAILED`, `outcome: 'not-applied'`, and those of the next seconds at
 * once: 1 s at first, 30 s at most. Attach one interceptor to as many clients as you like; clients over the same connections
 * share its token. Its place among other interceptors does not matter to it; those inside see the token.
 */
export function auth(options: AuthOptions): Interceptor {
  return new AuthInterceptor(options);
}

class AuthInterceptor implements Interceptor {
  readonly name = 'auth';
  readonly #allowInsecure: boolean;
  readonly #given: Token | undefined;
  readonly #fetch: TokenFetch;
  /** By the connections whose cluster gave the token. */
  readonly #sources: WeakMap<object, TokenSource> = new WeakMap();

  constructor(options: AuthOptions) {
    if (options === undefined) throw invalidArgument('options', 'must be given: { username, password }, or { token }');
    checkOptions<AuthOptions>(options, { username: true, password: true, token: true, allowInsecure: 'boolean' });
    checkCredentials(options);
    const { username, password, token, allowInsecure = false } = options;
    this.#allowInsecure = allowInsecure;
    this.#given = typeof token === 'string' ? new Token(token, allowInsecure) : undefined;
    this.#fetch =
      typeof token === 'function' ? byFunction(token) : byPassword(username ?? '', password ?? '', allowInsecure);
  }

  unary(next: UnaryHandler, method: Method, site: InterceptorSite): UnaryHandler {
    if (method.path === methods.authenticate.path) return next;
    const given = this.#given;
    if (given === undefined) return unaryWith(this.#sourceOf(site), site, next);
    return (call) => next(hasToken(call) ? call : given.on(call));
  }

  stream(next: StreamHandler, method: Method, site: InterceptorSite): StreamHandler {
    const given = this.#given;
    if (given === undefined) return streamWith(this.#sourceOf(site), site, next, method);
    return (call) => next(hasToken(call) ? call : given.on(call));
  }

  #sourceOf(site: InterceptorSite): TokenSource {
    let source = this.#sources.get(site.connections);
    if (source === undefined) {
      source = new TokenSource(this.#fetch, this.#allowInsecure);
      this.#sources.set(site.connections, source);
    }
    return source;
  }
}

function checkCredentials({ username, password, token }: AuthOptions): void {
  if (token !== undefined) {
    if (username !== undefined || password !== undefined)
      throw invalidArgument('token', 'cannot go with username and password');
    if (typeof token === 'function') return;
    if (typeof token !== 'string' || token === '')
      throw invalidArgument('token', 'must be a string that is not empty, or a function');
    return;
  }
  // Half of them would be passed over by etcd, and every call refused for an empty user.
  checkText(username, 'username');
  checkText(password, 'password');
}

function checkText(value: unknown, argument: string): void {
  if (typeof value !== 'string' || value === '') throw invalidArgument(argument, 'must be a string that is not empty');
  toBytes(value, argument);
}
