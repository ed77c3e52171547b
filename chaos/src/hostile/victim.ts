import { createClient, isEtcdError, op, type EtcdClient } from '@etcdts/core';
import { http2Transport } from '@etcdts/http2';
import { retry } from '@etcdts/retry';
import { pause } from '../clock.ts';
import type { Dice } from './dice.ts';

/** The deadline of each call, and how much later it may settle. */
const TIMEOUT_MS = 150;
const SLACK_MS = 10_000;
/** Text of a server is cut; with what the client adds it is not longer than this. */
const LONGEST = 1_600;
const MESSAGE_LIMIT = 1 << 20;

/** What went wrong with a client. */
export interface Damage {
  readonly wrong: string[];
  /** How often each code came, and how many calls went well. */
  readonly ends: Map<string, number>;
}

/** A client that works against a hostile etcd until the signal aborts, and is made anew from time to time. */
export async function suffer(
  endpoint: string,
  transport: 'grpc' | 'http2',
  dice: Dice,
  { wrong, ends }: Damage,
  signal: AbortSignal,
): Promise<void> {
  const note = (what: string): void => void ends.set(what, (ends.get(what) ?? 0) + 1);
  const judge = (name: string, error: unknown): void => {
    if (!isEtcdError(error)) return void wrong.push(`${name}: ${String((error as Error).stack ?? error)}`);
    note(error.code);
    if (error.message.length > LONGEST) wrong.push(`${name}: a text of ${error.message.length} characters`);
    // eslint-disable-next-line no-control-regex
    if (/[\u0000-\u001f\u007f]/.test(error.message))
      wrong.push(`${name}: control characters in ${JSON.stringify(error.message)}`);
  };
  while (!signal.aborted) {
    const client = createClient({
      endpoints: endpoint,
      requestTimeoutMs: TIMEOUT_MS,
      connectTimeoutMs: 1_000,
      maxReceiveBytes: MESSAGE_LIMIT,
      watchBufferBytes: MESSAGE_LIMIT,
      interceptors: dice.chance(50) ? [retry({ maxAttempts: 2 })] : [],
      ...(transport === 'http2' && { transport: http2Transport() }),
    });
    for (let round = 0; round < 20 && !signal.aborted; round++) {
      await Promise.all(
        Object.entries(WORK).map(async ([name, work]) => {
          const begun = performance.now();
          try {
            await work(client, dice);
            note('well');
          } catch (error) {
            judge(name, error);
          }
          const took = performance.now() - begun;
          if (took > MOST_MS) wrong.push(`${name} settled after ${Math.round(took)} ms`);
        }),
      );
    }
    await client.close();
  }
}

/** Streams are left after this time. */
const LISTEN_MS = 120;
const MOST_MS = 4 * TIMEOUT_MS + LISTEN_MS + SLACK_MS;

/** Reads a stream for a while. */
async function listen(stream: AsyncIterable<unknown>, end: () => unknown): Promise<void> {
  const timer = setTimeout(() => void end(), LISTEN_MS);
  try {
    for await (const _ of stream);
  } finally {
    clearTimeout(timer);
  }
}

const WORK: Readonly<Record<string, (client: EtcdClient, dice: Dice) => Promise<unknown>>> = {
  get: (client) => client.kv.get('k'),
  range: (client) => client.kv.get('k', { prefix: true }),
  put: (client) => client.kv.put('k', 'v', { prevKv: true }),
  delete: (client) => client.kv.delete('k', { prefix: true, prevKv: true }),
  txn: (client) => client.kv.txn({ then: [op.get('k'), op.put('k', 'v'), op.txn({ then: [op.get('k')] })] }),
  pages: async (client) => {
    let pages = 0;
    for await (const _ of client.kv.pages('k', { prefix: true, pageSize: 5 })) if (++pages > 5) break;
  },
  grant: async (client) => {
    const { id } = await client.lease.grant(5);
    const alive = client.lease.keepAlive(id);
    await listen(alive, () => alive.cancel());
  },
  watch: async (client, dice) => {
    const watch = client.watch('k', {
      prefix: true,
      prevKv: dice.chance(50),
      progressNotify: dice.chance(50),
      createdNotify: dice.chance(50),
      fragment: dice.chance(50),
      ...(dice.chance(50) && { startRevision: 5 }),
    });
    watch.created.catch(() => {});
    await listen(watch, () => watch.cancel());
  },
  slowWatch: async (client) => {
    const watch = client.watch('k', { maxBufferedBytes: 1_000 });
    watch.created.catch(() => {});
    await pause(LISTEN_MS);
    await watch.cancel();
  },
  snapshot: (client) => {
    const snapshot = client.maintenance.snapshot();
    const ending = new AbortController();
    return Promise.race([listen(snapshot, () => ending.abort()), pause(LISTEN_MS)]);
  },
  members: (client) => client.cluster.memberList(),
  status: (client) => client.maintenance.status(client.endpoints[0] as string),
};
