import type { EtcdOperations } from '@etcdts/core';
import { wrapClient, type Timer } from '@etcdts/core/plugin';

/** A client that counts the changes below a prefix by a watch of its own, and reports the count by a timer of its own. */
export function counting(client: EtcdOperations, prefix: string) {
  let changes = 0;
  let ticks = 0;
  let disposed = 0;
  return wrapClient(
    client,
    ({ clock, logger }) => {
      const watch = client.watch(prefix, { prefix: true });
      const reading = (async () => {
        for await (const _ of watch.events()) changes++;
      })();
      reading.catch((error: unknown) => logger.warn(`no more changes: ${String(error)}`));
      let timer: Timer;
      const tick = (): void => {
        ticks++;
        logger.info(`${changes} changes`);
        // The timer holds the process open until it is cancelled.
        timer = clock.after(5, tick, true);
      };
      tick();
      return {
        async dispose() {
          disposed++;
          timer.cancel();
          await watch.cancel();
          await reading.catch(() => {});
        },
      };
    },
    {
      get seen(): { readonly changes: number; readonly ticks: number; readonly disposed: number } {
        return { changes, ticks, disposed };
      },
    },
  );
}
