// limit: 120 s
import { setTimeout as pause } from 'node:timers/promises';
import { createClient, type EtcdClient, type WatchStream } from '@etcdts/core';
import { assert, isAtLeast, seeded, startEtcd, suite } from '@etcdts/testing';

const test = suite('requested bookmarks on etcd', { timeoutMs: 60_000 });

/** Streams, each with a watch that is in sync, and so many watches one after the other. */
const LANES = 20;
const WATCHES = 300;
const PREFIXES = ['busy/', 'rare/'] as const;
/** Revisions of the puts under each prefix, in order. */
type Log = Record<string, bigint[]>;

/** What a watch has received up to its first bookmark. */
interface Account {
  readonly prefix: string;
  readonly start: bigint;
  readonly received: bigint[];
  bookmark: bigint | undefined;
}

async function write(client: EtcdClient, log: Log, random: () => number, puts: number): Promise<void> {
  for (let i = 0; i < puts; i++) {
    const prefix = PREFIXES[random() < 0.95 ? 0 : 1];
    const { header } = await client.kv.put(`${prefix}${i % 10}`, String(i));
    log[prefix]?.push(header.revision);
  }
}

/** Reads up to the first bookmark, then ends the watch. */
async function follow(watch: WatchStream, account: Account): Promise<void> {
  for await (const { events, header, progressNotify } of watch) {
    for (const { kv } of events) account.received.push(kv.modRevision);
    if (!progressNotify) continue;
    account.bookmark = header.revision;
    return;
  }
}

/** Whether the watch has received exactly the events up to its bookmark. */
function isTrue({ prefix, start, received, bookmark }: Account, log: Log): boolean {
  const due = (log[prefix] ?? []).filter((revision) => revision >= start && revision <= (bookmark as bigint));
  return received.filter((revision) => revision <= (bookmark as bigint)).join() === due.join();
}

for (const writes of ['under writes', 'on an idle store']) {
  test(`W-40: ${WATCHES} watches from past revisions get bookmarks that are true, ${writes}`, async () => {
    const random = seeded(9);
    await using etcd = await startEtcd();
    await using writer = createClient({ endpoints: etcd.endpoints });
    await using client = createClient({ endpoints: etcd.endpoints });
    const log: Log = { 'busy/': [], 'rare/': [] };
    await write(writer, log, random, 500);
    const done = { yet: false };
    const writing = (async () => {
      while (!done.yet && writes === 'under writes') await write(writer, log, random, 10);
    })();
    const accounts: Account[] = [];
    const lane = async (stream: string): Promise<void> => {
      await client.watch('keeper', { stream }).created;
      for (let i = 0; i < WATCHES / LANES; i++) {
        const prefix = PREFIXES[random() < 0.5 ? 0 : 1];
        const revisions = log['busy/'] as bigint[];
        const startRevision = revisions[Math.floor(random() * revisions.length)] as bigint;
        const account: Account = { prefix, start: startRevision, received: [], bookmark: undefined };
        accounts.push(account);
        // Their answers may be on their way when etcd registers the watch.
        for (let requests = random() * 4; requests > 0; requests--) await client.watcher.requestProgress({ stream });
        const following = follow(client.watch(prefix, { prefix: true, startRevision, stream }), account);
        while (account.bookmark === undefined) {
          await client.watcher.requestProgress({ stream });
          await pause(random() * 20);
        }
        await following;
      }
    };
    await Promise.all(Array.from({ length: LANES }, (_, i) => lane(`lane ${i}`)));
    done.yet = true;
    await writing;
    const wrong = accounts.filter((account) => !isTrue(account, log));
    // Before, etcd itself answers too early.
    if (!isAtLeast(etcd.version, '3.4.25')) return;
    assert.is(wrong.length, 0, `${wrong.length} of ${WATCHES} bookmarks came before their events`);
  });
}

test.run();
