import { deferredStream, methods, pause, reopenedStream, tapStream } from '@etcdts/core/plugin';
import type {
  Call,
  ClientStream,
  InterceptorSite,
  Method,
  RequestOf,
  ResponseOf,
  StreamHandler,
  UnaryHandler,
} from '@etcdts/core/plugin';
import { cancelsForToken, isTokenRefusal, Repeats, type TokenRefusal } from './refusal.ts';
import type { TokenSource } from './token-source.ts';
import { hasToken, type Token } from './token.ts';

/** Sends unary calls with the source's token. A call that etcd refuses for its token is repeated with a new one. */
export function unaryWith(source: TokenSource, site: InterceptorSite, next: UnaryHandler): UnaryHandler {
  const send = <M extends Method>(call: Call<M>, token: Token): Promise<ResponseOf<M>> =>
    next(token.on(call)).catch((error: unknown) => {
      if (!isTokenRefusal(error)) throw error;
      return repeat(call, token, error);
    });

  const repeat = async <M extends Method>(call: Call<M>, first: Token, why: TokenRefusal): Promise<ResponseOf<M>> => {
    const repeats = new Repeats();
    let token = first;
    let refusal = why;
    for (let { attempt } = call; ;) {
      const young = refusal.code === 'INVALID_AUTH_TOKEN' && source.isYoung(token, site);
      if (!young) source.refused(token);
      const pauseMs = young ? repeats.wait() : repeats.take(refusal, source.current === undefined);
      if (pauseMs === undefined) throw refusal;
      token = await fetch(source, site, call, pauseMs);
      try {
        return await next(token.on({ ...call, attempt: ++attempt }));
      } catch (error) {
        if (!isTokenRefusal(error)) throw error;
        refusal = error;
      }
    }
  };

  return (call) => {
    if (hasToken(call)) return next(call);
    const token = source.current;
    if (token !== undefined) return send(call, token);
    return fetch(source, site, call).then((fetched) => send(call, fetched));
  };
}

/**
 * Opens streams with the source's token. A stream that is refused for it before its first message is opened again with a new
 * token. Watches are refused one by one, in messages: that marks the token as refused, and the watch hub opens another stream.
 */
export function streamWith(
  source: TokenSource,
  site: InterceptorSite,
  next: StreamHandler,
  method: Method,
): StreamHandler {
  const watches = method.path === methods.watch.path;
  const open = <M extends Method>(call: Call<M>, token: Token): ClientStream<RequestOf<M>, ResponseOf<M>> => {
    const ended = (reason: unknown): void => void (isTokenRefusal(reason) && source.refused(token));
    const received = (message: unknown): void => void (cancelsForToken(message) && source.refused(token));
    return tapStream<RequestOf<M>, ResponseOf<M>>(next(token.on(call)), watches ? { ended, received } : { ended });
  };

  const begin = <M extends Method>(call: Call<M>, pauseMs = 0): ClientStream<RequestOf<M>, ResponseOf<M>> => {
    const token = source.current;
    if (token !== undefined && pauseMs === 0) return open(call, token);
    return deferredStream(fetch(source, site, call, pauseMs).then((fetched) => open(call, fetched)));
  };

  return <M extends Method>(call: Call<M>): ClientStream<RequestOf<M>, ResponseOf<M>> => {
    if (hasToken(call)) return next(call);
    if (watches) return begin(call);
    const repeats = new Repeats();
    let { attempt } = call;
    return reopenedStream(begin(call), {
      reopen(reason) {
        if (!isTokenRefusal(reason)) return undefined;
        const pauseMs = repeats.take(reason, source.current === undefined);
        return pauseMs === undefined ? undefined : begin({ ...call, attempt: ++attempt }, pauseMs);
      },
    });
  };
}

/** Gets a token for a call, after a pause. The wait ends with the call. */
async function fetch(source: TokenSource, site: InterceptorSite, call: Call, pauseMs = 0): Promise<Token> {
  await pause(pauseMs, call, site);
  return site.wait(call, source.get(site));
}
