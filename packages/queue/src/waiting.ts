import type { CallOptions, EtcdOperations } from '@etcdts/core';
import { callOptionsOf, checkedSignal, onAbort, siteOf, type ClientSite, type Timer } from '@etcdts/core/plugin';
import { waitedTooLong } from './errors.ts';

/** The time in which a caller waits for an item. It ends with the caller's signal, with others, and with `timeoutMs`. */
export interface Wait {
  readonly signal: AbortSignal;
  /** The caller's further options, for every call and watch: without `signal` and `timeoutMs`. */
  readonly options: CallOptions;
  /** Frees the timer. */
  end(): void;
}

/** Begins to wait. `timeoutMs` defaults to no limit. Throws if the options are wrong, or if a signal has aborted. */
export function beginWait(
  client: EtcdOperations,
  given: CallOptions | undefined,
  ends: readonly AbortSignal[] = [],
): Wait {
  const { signal: caller, timeoutMs = Infinity, ...options } = callOptionsOf<CallOptions>(client, given, {});
  const { clock } = siteOf(client);
  const deadline = clock.now() + timeoutMs;
  let over = false;
  const expire = (): void => abort(waitedTooLong(timeoutMs));
  const { signal, abort } = checkedSignal({
    check: () => void (!over && clock.now() >= deadline && expire()),
    from: caller === undefined ? ends : [...ends, caller],
  });
  let timer: Timer | undefined;
  signal.throwIfAborted();
  if (timeoutMs < Infinity) timer = clock.after(timeoutMs, expire, true);
  const end = (): void => {
    over = true;
    timer?.cancel();
    // It is not used any more, and must not be kept by its sources.
    abort(undefined);
  };
  return { signal, options, end };
}

/** Sleeps. Rejects with the reason of the signal if that aborts first. */
export function sleep(ms: number, { clock }: Pick<ClientSite, 'clock'>, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) return reject(signal.reason as Error);
    const ignore = signal && onAbort(signal, () => (timer.cancel(), reject(signal.reason as Error)));
    const timer = clock.after(ms, () => (ignore?.(), resolve()), true);
  });
}

/**
 * Waits for work, and rejects with the reason of the signal if that aborts first. The work goes on, and what it then gives is
 * handed to `late`.
 */
export function abortable<T>(work: Promise<T>, signal: AbortSignal, late?: (value: T) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    let left = false;
    const leave = (): void => {
      left = true;
      reject(signal.reason as Error);
    };
    const ignore = signal.aborted ? (leave(), undefined) : onAbort(signal, leave);
    work.then(
      (value) => {
        ignore?.();
        if (left) late?.(value);
        else resolve(value);
      },
      (reason: unknown) => {
        ignore?.();
        reject(reason as Error);
      },
    );
  });
}
