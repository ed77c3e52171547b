import { onAbort, type ClientSite } from '@etcdts/core/plugin';

/** Sleeps. Rejects with the reason of the signal if that aborts first. */
export function sleep(ms: number, { clock }: Pick<ClientSite, 'clock'>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason as Error);
    const timer = clock.after(ms, () => (ignore(), resolve()), true);
    const ignore = onAbort(signal, () => (timer.cancel(), reject(signal.reason as Error)));
  });
}

/** Lets everything else that is due run first. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
