import type { Call, InterceptorSite } from '@etcdts/core/plugin';

/** Waits on behalf of a call: ends early with what ends the call, or with `early`, and leaves no timer. */
export async function pause(ms: number, call: Call, site: InterceptorSite, early?: Promise<void>): Promise<void> {
  if (ms === 0) return;
  let stop: (() => void) | undefined;
  // Holds the process: somebody waits for the call.
  const over = new Promise<void>((resolve) => {
    const timer = site.clock.after(ms, resolve, true);
    stop = () => timer.cancel();
  });
  await site.wait(call, early === undefined ? over : Promise.race([over, early])).finally(stop);
}
