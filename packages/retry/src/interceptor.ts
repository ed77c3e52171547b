import type { Call, Interceptor, InterceptorSite, Method, ResponseOf, UnaryHandler } from '@etcdts/core/plugin';
import { RetryBudget } from './budget.ts';
import { sleep, type Environment } from './environment.ts';
import { answerOfEarlierTry } from './lease.ts';
import { resolvePolicy, type Policy, type RetryOptions } from './options.ts';
import { RepeatedStream } from './stream.ts';
import { Tries } from './tries.ts';

/** The interceptor behind `retry()`, in an environment. */
export function retryInterceptor(options: RetryOptions, environment: Environment): Interceptor {
  const standard = resolvePolicy(options);
  const budget = options.budget === false ? undefined : new RetryBudget(options.budget ?? {}, environment.now());
  const triesOf = <M extends Method>(call: Call<M>): Tries<M> | undefined => {
    const policy = policyOf(call as Call, standard);
    if (policy === undefined) return undefined;
    budget?.earn();
    return new Tries(call, { policy, budget, environment });
  };

  return {
    name: 'retry',
    options: ['retry'],
    unary: (next, _method, site) => async (call) => {
      const tries = triesOf(call);
      if (tries === undefined) return next(call);
      try {
        return await next(tries.present(true));
      } catch (reason) {
        return repeat(call, reason, tries, next, site, environment);
      }
    },
    stream: (next, method, site) =>
      // Streams both ways belong to the watch hub and the lease keeper, which resume what they carry.
      method.kind === 'bidi'
        ? next
        : (call) => {
            const tries = triesOf(call);
            return tries === undefined ? next(call) : new RepeatedStream({ call, next, site, tries, environment });
          },
  };
}

function policyOf(call: Call, standard: Policy): Policy | undefined {
  const { retry } = call.options;
  if (retry === undefined) return standard;
  return retry === false ? undefined : resolvePolicy(retry, standard);
}

async function repeat<M extends Method>(
  call: Call<M>,
  failure: unknown,
  tries: Tries<M>,
  next: UnaryHandler,
  site: InterceptorSite,
  environment: Environment,
): Promise<ResponseOf<M>> {
  for (let reason = failure; ;) {
    const pause = tries.pauseAfter(reason);
    let attempt = call;
    try {
      await sleep(pause, call as Call, site, environment);
      attempt = tries.present(true);
      return await next(attempt);
    } catch (error) {
      reason = error;
    }
    if (!tries.maybeApplied) continue;
    const answer = answerOfEarlierTry(attempt as Call, reason, site, environment.now());
    if (answer === undefined) continue;
    try {
      return (await answer) as ResponseOf<M>;
    } catch (error) {
      reason = error;
    }
  }
}
