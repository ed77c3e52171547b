import { EtcdError, isEtcdError, remedyOf } from '@etcdts/core';
import type { Interceptor } from '@etcdts/core/plugin';
import { circuitBreaker, CircuitState, ConsecutiveBreaker, handleWhen, isBrokenCircuitError } from 'cockatiel';

declare module '@etcdts/core' {
  interface CallOptions {
    /** `false`: this call is made even if `breaker()` would refuse it, and is not counted. */
    breaker?: false | undefined;
  }
}

export interface BreakerOptions {
  /** How many calls in a row must fail before calls are refused. Defaults to 5. */
  failures?: number | undefined;
  /** How long calls are refused before one is let through as a test, in milliseconds. Defaults to 1,000. */
  pauseMs?: number | undefined;
}

/** Whether a member or the connection to it failed, so that another try may succeed. Every other error is an answer. */
const isDown = (error: unknown): boolean => isEtcdError(error) && ['again', 'elsewhere'].includes(remedyOf(error));

/**
 * Refuses calls at once, with `UNAVAILABLE` and `'not-applied'`, while etcd does not answer. One breaker serves one
 * cluster; its clients share it. Streams pass: watches and keepalives resume on their own, with pauses.
 */
export function breaker({ failures = 5, pauseMs = 1_000 }: BreakerOptions = {}): Interceptor {
  const circuit = circuitBreaker(handleWhen(isDown), {
    halfOpenAfter: pauseMs,
    breaker: new ConsecutiveBreaker(failures),
  });
  // Nothing was sent: `attempts` stays 0, so retry() does not try again.
  const refused = (): EtcdError =>
    new EtcdError({ code: 'UNAVAILABLE', message: 'the circuit is open', outcome: 'not-applied' });

  return {
    name: 'breaker',
    options: ['breaker'],
    unary: (next) => async (call) => {
      if (call.options.breaker === false) return next(call);
      // The library lets all calls wait for the one that tests. Their deadlines may be shorter than its deadline.
      if (circuit.state === CircuitState.HalfOpen) throw refused();
      try {
        return await circuit.execute(() => next(call));
      } catch (error) {
        throw isBrokenCircuitError(error) ? refused() : error;
      }
    },
  };
}
