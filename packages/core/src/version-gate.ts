import type { Call, CallOptions, Interceptor, InterceptorSite } from './call.ts';
import { checkVersion, type StatusSource } from './maintenance/statuses.ts';
import { deferredStream } from './pipeline/streams.ts';

/** The client whose endpoints are checked. */
export interface Gated {
  readonly endpoints: readonly string[];
  readonly maintenance: StatusSource;
}

// Marks the calls of the check itself, which must not wait for the check.
const OWN: unique symbol = Symbol('version check');

/**
 * The interceptor behind `rejectOldCluster`. The first calls wait until every endpoint has answered with its version. They fail
 * if one is too old or does not answer; the next call checks again. A call waits no longer than its deadline and its signal allow.
 */
export function versionGate(client: () => Gated): Interceptor {
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
  const checked = (call: Call, site: InterceptorSite): Promise<void> => site.wait(call, check());
  return {
    name: 'reject-old-cluster',
    unary: (next, _, site) => (call) => (exempt(call) ? next(call) : checked(call, site).then(() => next(call))),
    stream: (next, _, site) => (call) =>
      exempt(call) ? next(call) : deferredStream(checked(call, site).then(() => next(call))),
  };
}
