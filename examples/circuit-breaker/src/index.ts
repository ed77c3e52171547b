import { EtcdError, isEtcdError, remedyOf } from '@etcdts/core';
import type { Interceptor } from '@etcdts/core/plugin';
import { circuitBreaker, CircuitState, ConsecutiveBreaker, handleWhen, isBrokenCircuitError } from 'cockatiel';

declare module '@etcdts/core' {
  interface CallOptions {
    /** `false`: this call is made even where `breaker()` would refuse it, and counts for nothing. */
    breaker?: false | undefined;
  }
}

export interface BreakerOptions {
  /** So many calls in a row must fail. Defaults to 5. */
  failures?: number | undefined;
  /** How long calls are refused before one is let through to see, in milliseconds. Defaults to 1,000. */
  pauseMs?: number | undefined;
}

/** A member or the way to it has failed, so that another try may be answered; all else is an answer. */
const isDown = (error: unknown): boolean => isEtcdError(error) && ['again', 'elsewhere'].includes(remedyOf(error));

/**
 * Refuses calls at once, with `UNAVAILABLE` and `'not-applied'`, while etcd does not answer. One breaker is for one
 * cluster; its clients share it. Streams pass: watches and keepalives resume by themselves, with pauses of their own.
 */
export function breaker({ failures = 5, pauseMs = 1_000 }: BreakerOptions = {}): Interceptor {
  const circuit = circuitBreaker(handleWhen(isDown), {
    halfOpenAfter: pauseMs,
    breaker: new ConsecutiveBreaker(failures),
  });
  // Nothing was sent: `attempts` stays 0, by which retry() knows that there is no use in another try.
  const refused = (): EtcdError =>
    new EtcdError({ code: 'UNAVAILABLE', message: 'the circuit is open', outcome: 'not-applied' });

  return {
    name: 'breaker',
    options: ['breaker'],
    unary: (next) => async (call) => {
      if (call.options.breaker === false) return next(call);
      // The library has all calls wait for the one that tries. Their deadlines may be shorter than its.
      if (circuit.state === CircuitState.HalfOpen) throw refused();
      try {
        return await circuit.execute(() => next(call));
      } catch (error) {
        throw isBrokenCircuitError(error) ? refused() : error;
      }
    },
  };
}
