import { checkOptions, invalidArgument, methods, toBytes } from '@etcdts/core/plugin';
import type { Interceptor, InterceptorSite, Method, StreamHandler, UnaryHandler } from '@etcdts/core/plugin';
import { streamWith, unaryWith } from './handlers.ts';
import { byFunction, byPassword, TokenSource, type TokenFetch } from './token-source.ts';
import { hasToken, Token } from './token.ts';

/** The identity of a client: a user with a password, a token, or a function that is called whenever a token is needed. */
export type Credentials =
  | {
      /** The name of the user. */
      username: string;
      /** The password of the user. It is sent to get a token, and never appears in errors or logs. */
      password: string;
      /** Not with a password. */
      token?: undefined;
    }
  | {
      /** A token, or a function that fetches one: called on first use, and whenever etcd refuses the last one. */
      token: string | (() => Promise<string>);
      /** Not with a token. */
      username?: undefined;
      /** Not with a token. */
      password?: undefined;
    };

/** Options of `auth`. */
export type AuthOptions = Credentials & {
  /** Whether secrets may go over plain HTTP to other machines. Off by default: such calls fail with `INSECURE_ENDPOINT`. */
  allowInsecure?: boolean | undefined;
};

/**
 * Authenticates every call and stream of a client (clientv3 `Config.Username`, `Password`, `Token`).
 *
 * The token is fetched on first use, by one request however many calls wait, and used until etcd refuses it. Then it is renewed,
 * once, and the refused calls are repeated, including writes, since they were not applied. Watches and keepalives go on over a
 * new stream. If authentication is not enabled, calls go without a token until etcd requires one. A token that is given as a
 * string is never renewed.
 *
 * A wrong password fails the waiting calls with `AUTH_FAILED`, `outcome: 'not-applied'`, and at once all calls of the next
 * seconds: 1 s at first, 30 s at most. One interceptor may be attached to any number of clients; clients over the same
 * connections share its token. It works at any place among other interceptors; those below it see the token.
 */
export function auth(options: AuthOptions): Interceptor {
  return new AuthInterceptor(options);
}

class AuthInterceptor implements Interceptor {
  readonly name = 'auth';
  readonly #allowInsecure: boolean;
  readonly #given: Token | undefined;
  readonly #fetch: TokenFetch;
  readonly #byPassword: boolean;
  /** The source of each cluster's token, by the connections to it. */
  readonly #sources: WeakMap<object, TokenSource> = new WeakMap();

  constructor(options: AuthOptions) {
    if (options === undefined) throw invalidArgument('options', 'must be given: { username, password }, or { token }');
    checkOptions<AuthOptions>(options, { username: true, password: true, token: true, allowInsecure: 'boolean' });
    checkCredentials(options);
    const { username, password, token, allowInsecure = false } = options;
    this.#allowInsecure = allowInsecure;
    this.#given = typeof token === 'string' ? new Token(token, allowInsecure) : undefined;
    this.#byPassword = token === undefined;
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
      source = new TokenSource(this.#fetch, this.#allowInsecure, this.#byPassword);
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
  // If only one of the two is given, there is no authentication, and etcd would refuse every call for an empty user.
  checkText(username, 'username');
  checkText(password, 'password');
}

function checkText(value: unknown, argument: string): void {
  if (typeof value !== 'string' || value === '') throw invalidArgument(argument, 'must be a string that is not empty');
  toBytes(value, argument);
}
