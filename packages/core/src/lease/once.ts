import { onAbort } from '../abort.ts';
import type { CallOptions } from '../call.ts';
import type { Clock } from '../clock.ts';
import { isEtcdError, type EtcdError } from '../errors.ts';
import { remedyOf } from '../failures.ts';
import type { LeaseKeepAliveResponse } from '../messages.ts';
import { methods } from '../methods.ts';
import { backoffMs } from '../backoff.ts';
import { isAbsent } from './absence.ts';
import { RENEWAL_BACKOFF, type KeeperParts } from './keeper-parts.ts';
import { leaseNotFound, memberBehind, streamEnded } from './lease-errors.ts';

/** How long etcd may take to end a half-closed stream, in milliseconds. Then the stream is cancelled. */
const CLOSING_MS = 1_000;

/**
 * Renews a lease once, over a stream of its own that has ended when this settles, with or without an error.
 *
 * It tries again, with backoff, if another attempt may be answered (`UNAVAILABLE`, `NO_LEADER`, …), because a second renewal does
 * no harm. After `timeoutMs` it fails with the last error.
 */
export async function keepAliveOnce(
  parts: KeeperParts,
  id: bigint,
  options: CallOptions,
): Promise<LeaseKeepAliveResponse> {
  const { clock, random } = parts;
  let timeoutMs = options.timeoutMs ?? parts.requestTimeoutMs;
  const deadline = clock.now() + timeoutMs;
  for (let attempts = 1; ; attempts++) {
    try {
      return await renew(parts, id, { ...options, timeoutMs });
    } catch (error) {
      if (!isEtcdError(error) || !mayAskAgain(error)) throw error;
      // The first repeat waits too, because the endpoint that failed may be the only one.
      await pause(
        clock,
        Math.min(backoffMs(attempts, RENEWAL_BACKOFF, random), deadline - clock.now()),
        options.signal,
      );
      timeoutMs = deadline - clock.now();
      if (timeoutMs <= 0) throw error;
    }
  }
}

async function renew(parts: KeeperParts, id: bigint, options: CallOptions): Promise<LeaseKeepAliveResponse> {
  const startedAt = parts.clock.now();
  const stream = parts.pipeline.stream(methods.leaseKeepAlive, undefined as never, options);
  let response: LeaseKeepAliveResponse | undefined;
  let closing: { cancel(): void } | undefined;
  stream.send({ id });
  try {
    await stream.forEach((answer) => {
      if (response !== undefined) return;
      response = answer;
      stream.end();
      closing = parts.clock.after(CLOSING_MS, () => stream.cancel(), true);
    });
  } catch (error) {
    // The answer is valid, however the stream ended after it.
    if (response === undefined) throw error;
  } finally {
    closing?.cancel();
  }
  if (response === undefined) throw streamEnded();
  if (response.ttl > 0) return response;
  const leftMs = startedAt + (options.timeoutMs ?? parts.requestTimeoutMs) - parts.clock.now();
  throw (await isAbsent(parts.pipeline, id, Math.max(leftMs, 0))) ? leaseNotFound(id) : memberBehind(id);
}

/** Whether another attempt may be answered. For a refused token it may not: the auth interceptor has already tried. */
function mayAskAgain(error: EtcdError): boolean {
  const remedy = remedyOf(error);
  return remedy !== 'none' && remedy !== 'token';
}

/** Waits. Rejects with the signal's own reason if it aborts. */
function pause(clock: Clock, ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (end: () => void) => (): void => {
      timer.cancel();
      ignoreAbort?.();
      end();
    };
    const timer = clock.after(ms, settle(resolve), true);
    const ignoreAbort =
      signal &&
      onAbort(
        signal,
        settle(() => reject(signal.reason)),
      );
  });
}
