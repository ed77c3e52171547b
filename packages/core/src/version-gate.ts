import { onAbort } from './abort.ts';
import type { Call, CallOptions, Interceptor } from './call.ts';
import type { EtcdClient } from './client.ts';
import type { Clock } from './clock.ts';
import { checkVersion } from './maintenance/statuses.ts';
import { deferredStream } from './pipeline/streams.ts';
import { deadlineError } from './transport/status.ts';

// Marks the checks' own calls, which must not wait for themselves.
const OWN: unique symbol = Symbol('version check');

/**
 * The interceptor behind `rejectOldCluster`: the first calls wait until every endpoint has told its version, and fail where
 * one is too old or does not answer; the next call asks again. A call waits no longer than its deadline and its signal let it.
 */
export function versionGate(client: () => EtcdClient, clock: Clock): Interceptor {
  const own: CallOptions & { [OWN]: true } = { [OWN]: true };
  let checking: Promise<void> | undefined;
  let passed = false;
  const check = (): Promise<void> =>
    (checking ??= checkVersion(client().maintenance, client().endpoints, own).then(
      () => void (passed = true),
      (reason: unknown) => {
        checking = undefined;
        throw reason;
      },
    ));
  const exempt = (call: Call): boolean => passed || OWN in call.options;
  const checked = (call: Call): Promise<void> => within(call, clock, check());
  return {
    name: 'reject-old-cluster',
    unary: (next) => (call) => (exempt(call) ? next(call) : checked(call).then(() => next(call))),
    stream: (next) => (call) => (exempt(call) ? next(call) : deferredStream(checked(call).then(() => next(call)))),
  };
}

/** What is waited for, unless the call's deadline passes or its signal aborts before. */
function within(call: Call, clock: Clock, waiting: Promise<void>): Promise<void> {
  const { signal, deadline, method } = call;
  if (signal?.aborted) return Promise.reject(signal.reason);
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      timer?.cancel();
      ignoreAbort?.();
    };
    const fail = (reason: unknown): void => {
      stop();
      reject(reason);
    };
    const expire = (): void => fail(deadlineError(method, false, undefined, 0));
    const timer = deadline === Infinity ? undefined : clock.after(deadline - clock.now(), expire, true);
    const ignoreAbort = signal && onAbort(signal, () => fail(signal.reason));
    waiting.then(() => {
      stop();
      resolve();
    }, fail);
  });
}
