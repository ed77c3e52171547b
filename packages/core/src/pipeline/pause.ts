import { onAbort } from '../abort.ts';
import type { Call, InterceptorSite } from '../call.ts';

/**
 * Waits on behalf of a call, for interceptors that repeat one. It ends early if the call ends, and then rejects with the reason,
 * or when `left` aborts. It leaves no timer. The pause holds the process open, because the application waits for the call.
 */
export async function pause(
  ms: number,
  call: Pick<Call, 'method' | 'deadline' | 'signal'>,
  site: Pick<InterceptorSite, 'clock' | 'wait'>,
  left?: AbortSignal,
): Promise<void> {
  if (ms <= 0 || left?.aborted === true) return;
  let stop = (): void => {};
  const over = new Promise<void>((resolve) => {
    const timer = site.clock.after(ms, resolve, true);
    const ignoreAbort = left && onAbort(left, resolve);
    stop = () => {
      timer.cancel();
      ignoreAbort?.();
    };
  });
  await site.wait(call, over).finally(stop);
}
