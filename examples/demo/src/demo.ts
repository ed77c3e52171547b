// A story on an etcd, a real one where there is one: `npm run demo`, or `ETCD_ENDPOINTS=localhost:2379 npm run demo` on one of your own.
import { randomBytes } from 'node:crypto';
import { createClient, type EtcdClient } from '@etcdts/core';
import { findEtcd } from './etcd.ts';
import { styled, title } from './stage.ts';
import { tell } from './story.ts';
import { trace } from './trace.ts';

const LIMIT_MS = 60_000;

async function main(): Promise<void> {
  await using etcd = await findEtcd();
  await using plain = createClient({ endpoints: etcd.endpoint, tls: etcd.tls, requestTimeoutMs: 5_000 });
  title(`A story on ${etcd.kind}: ${await versionOf(plain, etcd.where)} at ${etcd.where}`);
  const started = performance.now();
  const root = `etcdts-${randomBytes(4).toString('hex')}/`;
  const cleanUp = async (): Promise<void> => {
    await etcd.proxy.heal();
    await plain.kv.delete(root, { prefix: true });
  };
  try {
    // The same connections, with an interceptor.
    const client = plain.intercept(trace);
    await Promise.race([
      tell({ client, endpoint: etcd.endpoint, tls: etcd.tls, proxy: etcd.proxy, root }),
      interruption(),
    ]);
  } catch (error) {
    await cleanUp().catch(() => console.error(`The keys of the story are left behind ${root}`));
    throw error;
  }
  await cleanUp();
  title(
    `The end, after ${((performance.now() - started) / 1000).toFixed(1)} s. Every key of the story is deleted again.\n`,
  );
}

async function versionOf(client: EtcdClient, where: string): Promise<string> {
  try {
    return `etcd ${(await client.maintenance.status(client.endpoints[0] as string)).version}`;
  } catch (cause) {
    throw new Error(`no etcd answers at ${where}: ${(cause as Error).message}`, { cause });
  }
}

/** Rejects on Ctrl-C and when the story takes too long, so that its keys are deleted all the same. */
function interruption(): Promise<never> {
  return new Promise((_, reject) => {
    process.once('SIGINT', () => reject(new Error('interrupted')));
    setTimeout(() => reject(new Error(`not done after ${LIMIT_MS / 1000} s`)), LIMIT_MS).unref();
  });
}

try {
  await main();
} catch (error) {
  console.error(`\n${styled('red', 'The demo failed:')} ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
