import type { Call, CallOptions, Interceptor } from './call.ts';
import type { EtcdClient } from './client.ts';
import { checkVersion } from './maintenance/statuses.ts';
import { deferredStream } from './pipeline/streams.ts';

// Marks the checks' own calls, which must not wait for themselves.
const OWN: unique symbol = Symbol('version check');

/**
 * The interceptor behind `rejectOldCluster`: the first calls wait until every endpoint has told its version, and fail where
 * one is too old or does not answer; the next call asks again.
 */
export function versionGate(client: () => EtcdClient): Interceptor {
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
  return {
    name: 'reject-old-cluster',
    unary: (next) => (call) => (exempt(call) ? next(call) : check().then(() => next(call))),
    stream: (next) => (call) => (exempt(call) ? next(call) : deferredStream(check().then(() => next(call)))),
  };
}
