// Searches that need the status of several endpoints at once.
import type { CallOptions } from '../call.ts';
import type { Clock } from '../clock.ts';
import { EtcdError } from '../errors.ts';
import type { StatusResponse } from '../messages.ts';
import { methods } from '../methods.ts';

/** The part of `Maintenance` that the searches call. */
export interface StatusSource {
  status(endpoint: string, options?: CallOptions): Promise<StatusResponse>;
}

/** The endpoint that was found, or one of the failures. */
export interface Found {
  readonly endpoint?: string;
  readonly failure?: unknown;
}

const UNFIT = new Error('the status does not fit');
const OLDEST: readonly number[] = [3, 4, 0];

/**
 * Finds the first endpoint whose status fits. It does not wait for endpoints that do not answer, but ends their calls. It
 * rejects only with the reason of the caller's signal.
 */
export async function findEndpoint(
  source: StatusSource,
  endpoints: readonly string[],
  fits: (status: StatusResponse) => boolean,
  options: CallOptions,
): Promise<Found> {
  const others = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, others.signal]) : others.signal;
  const ask = async (endpoint: string): Promise<string> => {
    if (!fits(await source.status(endpoint, { ...options, signal }))) throw UNFIT;
    return endpoint;
  };
  try {
    return { endpoint: await Promise.any(endpoints.map(ask)) };
  } catch (error) {
    options.signal?.throwIfAborted();
    return { failure: (error as AggregateError).errors.find((each) => each !== UNFIT) };
  } finally {
    others.abort();
  }
}

/**
 * Checks for `rejectOldCluster` that every endpoint answers and is etcd 3.4.0 or newer (clientv3 client.go
 * `checkVersion`). Rejects with `OLD_CLUSTER`, naming endpoint and version, or with the error of an endpoint that fails.
 */
export async function checkVersion(
  source: StatusSource,
  endpoints: readonly string[],
  options: CallOptions = {},
): Promise<void> {
  const check = async (endpoint: string): Promise<void> => {
    const { version } = await source.status(endpoint, options);
    if (!isSupported(version)) {
      throw new EtcdError({
        code: 'OLD_CLUSTER',
        message: `${endpoint} runs etcd ${JSON.stringify(version.slice(0, 40))}; this client needs ${OLDEST.join('.')} or newer`,
        outcome: 'not-applied',
        method: methods.status.label,
        endpoint,
        attempts: 1,
      });
    }
  };
  await Promise.all(endpoints.map(check));
}

/** Whether a version is new enough, in semver's order, in which `3.4.0-rc.1` comes before `3.4.0`. */
function isSupported(version: string): boolean {
  const parts = /^(\d+)\.(\d+)\.(\d+)(-)?/.exec(version);
  if (parts === null) return false;
  for (const [index, least] of OLDEST.entries()) {
    const part = Number(parts[index + 1]);
    if (part !== least) return part > least;
  }
  return parts[4] === undefined;
}

/** The options for a later RPC of one operation. A deadline of the caller's is for all RPCs together. */
export function timeLeft<O extends CallOptions>(options: O, clock: Pick<Clock, 'now'>): () => O {
  const { timeoutMs } = options;
  if (timeoutMs === undefined) return () => options;
  const end = clock.now() + timeoutMs;
  return () => ({ ...options, timeoutMs: Math.max(end - clock.now(), 1) });
}
