// runs alone
// limit: 240 s
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient, type EtcdClient } from '@etcdts/core';
import { election, lead, renewingSession, type Leadership, type RenewingSession } from '@etcdts/concurrency';
import { assert, eventually, startEtcd, suite } from '@etcdts/testing';
import { keysOf } from './contenders.ts';

const test = suite('elections while etcd is away', { timeoutMs: 100_000 });
const TTL = 2;

/** Looks at the signals of all leaderships at once, every few milliseconds. */
class Census {
  readonly open = new Set<Leadership>();
  most = 0;
  samples = 0;
  readonly #timer = setInterval(() => this.#look(), 3);

  get leading(): number {
    return [...this.open].filter(({ signal }) => !signal.aborted).length;
  }

  end(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    this.samples++;
    this.most = Math.max(this.most, this.leading);
  }
}

/** Of 5 candidates, each with a client and a session of its own, those that lead. */
async function candidates(endpoint: string, census: Census): Promise<AsyncDisposable> {
  const over = new AbortController();
  const { signal } = over;
  const clients: EtcdClient[] = [];
  const sessions: RenewingSession[] = [];
  const loops: Promise<unknown>[] = [];
  for (let i = 0; i < 5; i++) {
    const client = createClient({ endpoints: endpoint });
    const session = renewingSession(client, { ttl: TTL });
    clients.push(client);
    sessions.push(session);
    const body = async (held: AbortSignal, leadership: Leadership): Promise<void> => {
      census.open.add(leadership);
      await sleep(1_000_000, undefined, { signal: held });
    };
    loops.push(lead(election(session, 'one'), String(i), body, { signal }).catch((reason: unknown) => reason));
  }
  return {
    async [Symbol.asyncDispose]() {
      over.abort('over');
      for (const end of await Promise.all(loops)) assert.is(end, 'over');
      await Promise.all(sessions.map((session) => session.close({ timeoutMs: 2_000 })));
      await Promise.all(clients.map((client) => client.close()));
    },
  };
}

for (const fault of ['kill', 'freeze'] as const) {
  for (const ttls of [0.5, 2, 10]) {
    test(`EL-14 microsoft/etcd3 #158, #176: of 5 candidates never two lead, and one leads again, when etcd is away for ${ttls} TTLs (${fault})`, async () => {
      await using etcd = await startEtcd();
      await using direct = createClient({ endpoints: etcd.endpoint });
      const census = new Census();
      try {
        await using _candidates = await candidates(etcd.endpoint, census);
        await eventually(() => census.leading === 1);
        await eventually(async () => (await keysOf(direct, 'one')).length === 5);
        const before = census.open.size;
        await etcd.member[fault]();
        await sleep(ttls * TTL * 1_000);
        if (ttls > 1) assert.is(census.leading, 0);
        // A client that connects to a port without a listener may be given that very port for its own end.
        if (fault === 'kill') await eventually(() => etcd.member.restart().then(() => true), { timeoutMs: 30_000 });
        else await etcd.member.thaw();
        const isSettled = async (): Promise<boolean> => {
          const [oldest] = await keysOf(direct, 'one');
          const leader = [...census.open].find(({ signal }) => !signal.aborted);
          return leader !== undefined && oldest?.createRevision === leader.revision;
        };
        await eventually(isSettled, { timeoutMs: 30_000 });
        if (ttls > 1) assert.ok(census.open.size > before, 'a leader of before leads on');
      } finally {
        census.end();
      }
      assert.is(census.most, 1);
      assert.ok(census.samples > 100);
      assert.is((await keysOf(direct, 'one')).length, 0);
    });
  }
}

test.run();
