import { isEtcdError, remedyOf, type CallOptions, type EtcdError } from '@etcdts/core';
import { backoffMs, onAbort, withFields, type Backoff, type ClientSite } from '@etcdts/core/plugin';

const BACKOFF: Backoff = { firstMs: 50, longestMs: 2_000, jitter: 0.5 };
/** How long the first try may take, in milliseconds. The time doubles with each further try, up to the client's own deadline. */
const FIRST_TRY_MS = 2_000;

/**
 * Sends a call again and again until it is answered, for calls that do no harm if they are applied twice. Each try has a share of
 * the time, so that a lost answer does not cost all of it. Failures that a further try cannot mend are thrown at once, the last
 * failure when `deadline` passes, and the reason of `options.signal` when that aborts.
 *
 * `send` is given whether an earlier try may have been applied. An error of the last try has the outcome `'unknown'` if that of any
 * try was.
 */
export async function untilAnswered<T>(
  site: ClientSite,
  options: CallOptions,
  deadline: number,
  send: (options: CallOptions, uncertain: boolean) => Promise<T>,
): Promise<T> {
  const { clock, random, requestTimeoutMs } = site;
  let uncertain = false;
  for (let tries = 1; ; tries++) {
    const shareMs = Math.min(FIRST_TRY_MS * 2 ** (tries - 1), requestTimeoutMs);
    const timeoutMs = Math.max(Math.min(shareMs, deadline - clock.now()), 1);
    try {
      return await send({ ...options, timeoutMs }, uncertain);
    } catch (error) {
      // The reason of an abort may be an EtcdError, too.
      if (!isEtcdError(error) || options.signal?.aborted === true) throw error;
      uncertain ||= error.outcome === 'unknown';
      const ms = backoffMs(tries, BACKOFF, random);
      if (!isPassing(error) || clock.now() + ms >= deadline) throw uncertain ? asUnknown(error) : error;
      await sleep(ms, site, options.signal);
    }
  }
}

/** Whether a further try of a call may be answered. A refused token was renewed by an interceptor, if there is one. */
function isPassing(error: EtcdError): boolean {
  const remedy = remedyOf(error);
  return remedy !== 'none' && remedy !== 'token';
}

function asUnknown(error: EtcdError): EtcdError {
  return error.outcome === 'unknown' ? error : withFields(error, { outcome: 'unknown' });
}

/** Waits. Rejects with the reason of the signal if that aborts first. */
export function sleep(ms: number, { clock }: Pick<ClientSite, 'clock'>, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) return reject(signal.reason);
    const ignore = signal && onAbort(signal, () => (timer.cancel(), reject(signal.reason)));
    const timer = clock.after(ms, () => (ignore?.(), resolve()), true);
  });
}

/** Waits for work. Rejects with the reason of the signal if that aborts first; the work goes on. */
export function abortable<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  return new Promise((resolve, reject) => {
    const ignore = signal.aborted ? undefined : onAbort(signal, () => reject(signal.reason));
    // The failure of the work is handled even if nobody waits for it any more.
    work.then(
      (value) => (ignore?.(), resolve(value)),
      (reason: unknown) => (ignore?.(), reject(reason)),
    );
    if (ignore === undefined) reject(signal.reason);
  });
}
