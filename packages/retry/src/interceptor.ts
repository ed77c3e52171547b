import { pause } from '@etcdts/core/plugin';
import type { Call, Interceptor, InterceptorSite, Method, ResponseOf, UnaryHandler } from '@etcdts/core/plugin';
import { RetryBudget } from './budget.ts';
import { answerOfEarlierTry, settlingGrants } from './lease.ts';
import { checkRetryOptions, resolveCall, resolvePolicy, type Policy, type RetryOptions } from './options.ts';
import { repeatedStream } from './stream.ts';
import { Tries } from './tries.ts';

/** The interceptor behind `retry()`. */
export function retryInterceptor(options: RetryOptions): Interceptor {
  checkRetryOptions(options);
  const standard = resolvePolicy(options);
  const budget = options.budget === false ? undefined : new RetryBudget(options.budget ?? {});
  const triesOf = <M extends Method>(call: Call<M>, site: InterceptorSite): Tries<M> | undefined => {
    const policy = policyOf(call as Call, standard);
    if (policy === undefined) return undefined;
    budget?.earn();
    return new Tries(call, { policy, budget, site });
  };

  return {
    name: 'retry',
    options: ['retry'],
    unary: (next, _method, site) => async (call) => {
      const tries = triesOf(call, site);
      if (tries === undefined) return next(call);
      const send = settlingGrants(call as Call, next, site);
      try {
        return await send(tries.present(true));
      } catch (reason) {
        return repeat(call, reason, tries, send, site);
      }
    },
    stream: (next, method, site) =>
      // Bidirectional streams belong to the watch hub and the lease keeper, which resume them.
      method.kind === 'bidi'
        ? next
        : (call) => {
            const tries = triesOf(call, site);
            return tries === undefined ? next(call) : repeatedStream(call, next, site, tries);
          },
  };
}

function policyOf(call: Call, standard: Policy): Policy | undefined {
  const { retry } = call.options;
  if (retry === undefined) return standard;
  return retry === false ? undefined : resolveCall(retry, standard);
}

async function repeat<M extends Method>(
  call: Call<M>,
  failure: unknown,
  tries: Tries<M>,
  next: UnaryHandler,
  site: InterceptorSite,
): Promise<ResponseOf<M>> {
  for (let reason = failure; ;) {
    const pauseMs = tries.pauseAfter(reason);
    let attempt = call;
    try {
      await pause(pauseMs, call as Call, site);
      attempt = tries.present(true);
      return await next(attempt);
    } catch (error) {
      reason = error;
    }
    if (!tries.maybeApplied) continue;
    const answer = answerOfEarlierTry(attempt as Call, reason, site);
    if (answer === undefined) continue;
    try {
      return (await answer) as ResponseOf<M>;
    } catch (error) {
      reason = error;
    }
  }
}
