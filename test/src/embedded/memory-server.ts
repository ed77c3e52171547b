// A process with an embedded etcd and nothing else. It sends its endpoint, and then its memory as often as it is asked.
import { setImmediate as turn } from 'node:timers/promises';
import { startEmbedded } from '@etcdts/embedded';

const etcd = await startEmbedded();

async function memory(): Promise<number> {
  // What an answer holds is free some turns after it is sent.
  for (let i = 0; i < 5; i++) {
    await turn();
    globalThis.gc?.();
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

process.on('message', () => void memory().then((bytes) => process.send?.(bytes)));
process.on('disconnect', () => void etcd.close());
process.send?.(etcd.endpoint);
