import type { EtcdOperations } from '@etcdts/core';
import type { EtcdCluster, FaultProxy } from '@etcdts/testing';

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Cuts connections, or drops replies for a while, at one proxy after the other, until the signal aborts. */
export async function breakConnections(
  proxies: readonly FaultProxy[],
  random: () => number,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    await pause(300 + random() * 1_000);
    const proxy = proxies[Math.floor(random() * proxies.length)] as FaultProxy;
    if (random() < 0.5) proxy.cut();
    else {
      proxy.swallowReplies();
      await pause(random() * 600);
      await proxy.heal();
    }
  }
}

/** Kills one member after the other, and starts it again, until the signal aborts. All of them run at the end. */
export async function killMembers({ members }: EtcdCluster, random: () => number, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await pause(8_000 + random() * 8_000);
    if (signal.aborted) return;
    const member = members[Math.floor(random() * members.length)];
    await member?.kill();
    await pause(1_000);
    await member?.start();
  }
}

/** Compacts the history to what is current, every 200 ms, until the signal aborts. */
export async function compact(client: EtcdOperations, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await pause(200);
    try {
      const { header } = await client.kv.get('any-key-for-its-header');
      await client.kv.compact(header.revision);
    } catch {
      // A member that is killed takes its call along, and two compactions may meet.
    }
  }
}
