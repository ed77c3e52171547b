// limit: 400 s
// Clients in Go, by clientv3's package concurrency, beside this one.
import { createClient, type EtcdClient } from '@etcdts/core';
import { election, mutex, observeElection, openSession, type Session } from '@etcdts/concurrency';
import { assert, eventually, startEtcd, suite, type EtcdServer } from '@etcdts/testing';
import { keysOf } from './contenders.ts';
import { buildGo, Program } from './programs.ts';

const test = suite('locks and elections beside clientv3', { timeoutMs: 40_000 });

interface Answer {
  readonly id: number;
  readonly error?: string;
  readonly key?: string;
  readonly value?: string;
  readonly revision?: number;
  readonly busy?: boolean;
  readonly lost?: boolean;
}

type Command = { readonly session: string; readonly name?: string; readonly value?: string; readonly ttl?: number };

/** The Go program, which answers commands. */
class Contender extends Program {
  #commands = 0;

  /** Sends a command. `answers` are those that have come by now. */
  send(what: string, command: Command): { answers(): readonly Answer[]; answer(): Promise<Answer> } {
    const id = ++this.#commands;
    this.write(JSON.stringify({ id, do: what, ...command }));
    const answers = (): readonly Answer[] =>
      this.lines.map((line) => JSON.parse(line) as Answer).filter((one) => one.id === id);
    const answer = async (): Promise<Answer> => {
      const one = await eventually(() => answers()[0], { timeoutMs: 15_000, describe: `${what} is answered` });
      assert.is(one.error, undefined);
      return one;
    };
    return { answers, answer };
  }

  /** Sends a command and waits for its answer. */
  ask(what: string, command: Command): Promise<Answer> {
    return this.send(what, command).answer();
  }
}

let etcd: EtcdServer;
let client: EtcdClient;
let session: Session;
let go: Contender;

const built = await buildGo('contender');
const add = (name: string, body: () => Promise<void>): void => {
  if ('missing' in built) test.skip(name, built.missing);
  else test(name, body);
};

test.before(async () => {
  if ('missing' in built) return;
  etcd = await startEtcd();
  client = createClient({ endpoints: etcd.endpoint });
  session = await openSession(client);
  go = new Contender(built.path, [etcd.endpoint]);
  for (const one of ['a', 'b']) await go.ask('session', { session: one, ttl: 30 });
});
test.after(async () => {
  if ('missing' in built) return;
  await go[Symbol.asyncDispose]();
  await session.close();
  await client.close();
  await etcd.close();
});

const contenders = (name: string, count: number): Promise<unknown> =>
  eventually(async () => (await keysOf(client, name)).length === count);

add(
  'MX-01 MX-02 MX-10 a mutex of clientv3 and one of this client exclude each other, tried and waited for',
  async () => {
    const name = 'both';
    const lock = await mutex(session, name).lock();
    assert.ok((await go.ask('tryLock', { session: 'a', name })).busy);
    const waiting = go.send('lock', { session: 'a', name });
    await contenders(name, 2);
    assert.equal(waiting.answers(), []);
    await lock.unlock();
    const { key, revision } = await waiting.answer();
    assert.is(key, (await keysOf(client, name))[0]?.key.toString());
    assert.ok(BigInt(revision ?? 0) > lock.revision);
    assert.is(await mutex(session, name).tryLock(), undefined);
    const next = mutex(session, name).lock();
    await contenders(name, 2);
    await go.ask('unlock', { session: 'a', name });
    await (await next).unlock();
    await contenders(name, 0);
  },
);

add('MX-03 waiters of both are served in the order of their create revisions', async () => {
  const name = 'order';
  const held = await mutex(session, name).lock();
  const order: string[] = [];
  const second = await openSession(client);
  const third = await openSession(client);
  const works: Promise<unknown>[] = [];
  const ours = (own: Session, label: string): void =>
    void works.push(
      mutex(own, name).run(async () => {
        order.push(label);
      }),
    );
  const theirs = (own: string): void => {
    const { answer } = go.send('lock', { session: own, name });
    works.push(
      answer().then(() => {
        order.push(own);
        return go.ask('unlock', { session: own, name });
      }),
    );
  };
  theirs('a');
  await contenders(name, 2);
  ours(second, 'ours 1');
  await contenders(name, 3);
  theirs('b');
  await contenders(name, 4);
  ours(third, 'ours 2');
  await contenders(name, 5);
  await held.unlock();
  await Promise.all(works);
  assert.equal(order, ['a', 'ours 1', 'b', 'ours 2']);
  await second.close();
  await third.close();
});

add('MX-02 a counter that both write under a lock is never written by two', async () => {
  const name = 'counter';
  const ownSessions = await Promise.all([openSession(client), openSession(client)]);
  let inside = 0;
  let rounds = 0;
  const enter = (): void => {
    assert.is(++inside, 1);
    rounds++;
  };
  const leave = (): void => void inside--;
  const ours = async (own: Session): Promise<void> => {
    for (let i = 0; i < 15; i++) {
      await mutex(own, name).run(async () => {
        enter();
        await client.kv.put('counter-work', String(i));
        leave();
      });
    }
  };
  const theirs = async (own: string): Promise<void> => {
    for (let i = 0; i < 15; i++) {
      await go.ask('lock', { session: own, name });
      enter();
      await client.kv.put('counter-work', String(i));
      leave();
      await go.ask('unlock', { session: own, name });
    }
  };
  await Promise.all([...ownSessions.map(ours), theirs('a'), theirs('b')]);
  assert.is(rounds, 60);
  await Promise.all(ownSessions.map((one) => one.close()));
});

add('EL-15 elections: each waits for the other, in both directions, and each observes the other', async () => {
  const name = 'elect';
  const own = election(session, name);
  const leadership = await own.campaign('ours');
  const seen: string[] = [];
  const ending = new AbortController();
  const observing = (async () => {
    for await (const { kv } of observeElection(client, name, { signal: ending.signal })) seen.push(kv.text());
  })().catch(() => {});
  const theirView = go.send('observe', { session: 'b', name });
  assert.is((await theirView.answer()).value, 'ours');
  const campaign = go.send('campaign', { session: 'a', name, value: 'theirs' });
  await contenders(name, 2);
  await leadership.proclaim('ours 2');
  await eventually(() => theirView.answers().at(-1)?.value === 'ours 2');
  assert.equal(campaign.answers(), []);
  await leadership.resign();
  const { revision } = await campaign.answer();
  assert.ok(BigInt(revision ?? 0) > leadership.revision);
  await go.ask('proclaim', { session: 'a', name, value: 'theirs 2' });
  const next = own.campaign('ours 3');
  await contenders(name, 2);
  await go.ask('resign', { session: 'a', name });
  const last = await next;
  await eventually(() => theirView.answers().at(-1)?.value === 'ours 3');
  await eventually(() => seen.length === 5);
  assert.equal(seen, ['ours', 'ours 2', 'theirs', 'theirs 2', 'ours 3']);
  await last.resign();
  ending.abort();
  await observing;
});

add('EL-03 a Go session that closes hands its lock and its leadership to this client', async () => {
  await go.ask('session', { session: 'c', ttl: 30 });
  await go.ask('lock', { session: 'c', name: 'handed' });
  await go.ask('campaign', { session: 'c', name: 'handed-election', value: '1' });
  const lock = mutex(session, 'handed').lock();
  const leadership = election(session, 'handed-election').campaign('2');
  await contenders('handed', 2);
  await contenders('handed-election', 2);
  await go.ask('close', { session: 'c' });
  await (await lock).unlock();
  await (await leadership).resign();
});

test.run();
