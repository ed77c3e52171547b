// The chapter of the leader that stands still.
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { election, openSession } from '@etcdts/concurrency';
import { op, type TlsOptions } from '@etcdts/core';
import type { NamespacedClient } from '@etcdts/namespace';
import type { AliceData, AliceMessage } from './alice.ts';
import { chapter, done, say } from './stage.ts';

const TTL_SECONDS = 2;

/** Where a thread finds the keys of the story. */
export interface Place {
  readonly endpoint: string;
  readonly tls: TlsOptions | undefined;
  readonly prefix: string;
}

/** A leader whose event loop is blocked loses its leadership, and what it writes too late is refused. */
export async function replaceLeader(client: NamespacedClient, place: Place): Promise<void> {
  chapter('The leader stands still: another one takes over, and its late write is refused');
  const sleep = new Int32Array(new SharedArrayBuffer(4));
  const workerData: AliceData = { ...place, ttl: TTL_SECONDS, sleep };
  const alice = new Worker(new URL('alice.js', import.meta.url), { workerData });
  const next = async (): Promise<AliceMessage> => (await once(alice, 'message'))[0] as AliceMessage;
  try {
    const elected = await next();
    if (elected.type === 'leads') say('alice', `leads with the token ${elected.token}; now her event loop is blocked`);
    const stopped = performance.now();
    const session = await openSession(client, { ttl: TTL_SECONDS });
    say('bob', 'is a candidate too, and waits');
    const leadership = await election(session, 'captain').campaign('bob');
    say('bob', `leads with the token ${leadership.revision}, after ${seconds(performance.now() - stopped)}`);
    await client.kv.txn({ if: [leadership.isLeader()], then: [op.put('course', 'south')] });

    const late = next();
    Atomics.store(sleep, 0, 1);
    Atomics.notify(sleep, 0);
    const wrote = await late;
    if (wrote.type !== 'wrote' || wrote.succeeded) throw new Error('a leader that was replaced has written');
    say('alice', `goes on: her signal has aborted (${wrote.signal}), her write is refused by isLeader()`);
    const { kvs } = await client.kv.get('course');
    await session.close();
    if (kvs[0]?.text() !== 'south') throw new Error('the course is not that of the leader');
    done("the course is 'south', as its leader has it");
  } finally {
    await alice.terminate();
  }
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
