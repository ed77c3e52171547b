import { backoffMs, type Backoff } from '../backoff.ts';
import type { CallOptions, InterceptorSite } from '../call.ts';
import { EtcdError, isEtcdError, reasonText } from '../errors.ts';
import { isVerdict, remedyOf } from '../failures.ts';
import { methods } from '../methods.ts';
import { pause } from '../pipeline/pause.ts';
import type { Pipeline } from '../pipeline/pipeline.ts';

/** Between two calls to one endpoint. */
const BACKOFF: Backoff = { firstMs: 100, longestMs: 1_000, jitter: 0.5 };

/** What it takes to wait for a member. */
export interface ReadyParts {
  readonly pipeline: Pipeline;
  readonly site: Pick<InterceptorSite, 'clock' | 'random' | 'wait'>;
}

/** The options of `ready`, with its deadline in place. */
export type ReadyOptions = CallOptions & { readonly timeoutMs: number };

/**
 * Resolves when a member answers at one of the endpoints. Those that fail are tried again until the deadline, those whose
 * failure lasts, as a wrong certificate does, are not. Rejects with the reasons of all of them.
 */
export async function memberReady(
  parts: ReadyParts,
  endpoints: readonly string[],
  options: ReadyOptions,
): Promise<void> {
  const { signal: own } = options;
  own?.throwIfAborted();
  const answered = new AbortController();
  const signal = own === undefined ? answered.signal : AbortSignal.any([own, answered.signal]);
  const deadline = parts.site.clock.now() + options.timeoutMs;
  try {
    await Promise.any(endpoints.map((endpoint) => answerOf(parts, deadline, { ...options, endpoint, signal })));
  } catch (error) {
    own?.throwIfAborted();
    throw notReady(endpoints, (error as AggregateError).errors);
  } finally {
    answered.abort();
  }
}

/** Asks one endpoint until it answers. Rejects with the reason of its last failure. */
async function answerOf(
  { pipeline, site }: ReadyParts,
  deadline: number,
  options: ReadyOptions & { readonly signal: AbortSignal },
): Promise<void> {
  const { clock, random } = site;
  let { timeoutMs } = options;
  let reason: unknown;
  for (let failures = 1; ; failures++) {
    try {
      await pipeline.unary(methods.status, {}, { ...options, timeoutMs });
      return;
    } catch (error) {
      if (isAnswer(error)) return;
      if (options.signal.aborted || isFinal(error)) throw error;
      // The deadline is less of a reason than what failed before.
      if (reason === undefined || !isEtcdError(error, 'DEADLINE_EXCEEDED')) reason = error;
    }
    const { signal } = options;
    await pause(backoffMs(failures, BACKOFF, random), { method: methods.status, deadline, signal }, site).catch(
      (ending: unknown) => {
        throw isEtcdError(ending, 'DEADLINE_EXCEEDED') ? reason : ending;
      },
    );
    timeoutMs = deadline - clock.now();
    if (timeoutMs <= 0) throw reason;
  }
}

/** Whether an error is a member's answer: a verdict of etcd's, unless its remedy is another member or a pause. */
function isAnswer(error: unknown): boolean {
  return isEtcdError(error) && error.endpoint !== undefined && isVerdict(error) && !mayPass(error);
}

/** Whether another try fails in the same way. */
function isFinal(error: unknown): boolean {
  return !isEtcdError(error) || remedyOf(error) === 'none';
}

function mayPass(error: EtcdError): boolean {
  const remedy = remedyOf(error);
  return remedy !== 'none' && remedy !== 'token';
}

function notReady(endpoints: readonly string[], errors: readonly unknown[]): unknown {
  // These are about the call, and not about an endpoint.
  const own = errors.find(
    (error) => isEtcdError(error) && (error.code === 'CLIENT_CLOSED' || error.argument !== undefined),
  );
  if (own !== undefined) return own;
  const codes = new Set(errors.map((error) => (isEtcdError(error) ? error.code : 'UNAVAILABLE')));
  const [code = 'UNAVAILABLE'] = codes;
  const reasons = errors.map((error, index) => {
    const [endpoint, text] = [endpoints[index] as string, reasonText(error)];
    return text.includes(endpoint) ? text : `${endpoint}: ${text}`;
  });
  return new EtcdError({
    code: codes.size === 1 ? code : 'UNAVAILABLE',
    message: `no member answers: ${reasons.join('; ')}`,
    outcome: 'not-applied',
    method: methods.status.label,
    endpoint: endpoints.length === 1 ? endpoints[0] : undefined,
    attempts: 1,
    cause: new AggregateError(errors, 'no member answers'),
  });
}
