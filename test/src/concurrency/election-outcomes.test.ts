// limit: 180 s
import { createClient, isEtcdError, type EtcdClient } from '@etcdts/core';
import { election, openSession, type Election, type Leadership, type Session } from '@etcdts/concurrency';
import { inspect } from 'node:util';
import { assert, eventually, startEtcd, startProxy, suite, type EtcdServer, type FaultProxy } from '@etcdts/testing';

const test = suite('elections whose replies are lost', { timeoutMs: 60_000 });
const COUNT = 200;

let etcd: EtcdServer;
let direct: EtcdClient;

test.before(async () => {
  etcd = await startEtcd();
  direct = createClient({ endpoints: etcd.endpoint });
});
test.after(async () => {
  await direct.close();
  await etcd.close();
});

interface Far {
  readonly proxy: FaultProxy;
  readonly client: EtcdClient;
  readonly session: Session;
  /** Elections of different names, all of them won or not. */
  readonly elections: readonly Election[];
  /** The keys of all candidates, seen past the proxy. */
  keys(): ReturnType<typeof candidates>;
}

const candidates = async (prefix: string): Promise<readonly { text: string; version: number; revision: bigint }[]> => {
  const { kvs } = await direct.kv.get(prefix, { prefix: true });
  return kvs.map((kv) => ({ text: kv.text(), version: kv.version, revision: kv.createRevision }));
};

/** Runs with elections behind a proxy, and checks that no key is left when the session is closed. */
async function far(prefix: string, run: (far: Far) => Promise<void>): Promise<void> {
  await using proxy = await startProxy(etcd.endpoint);
  await using client = createClient({ endpoints: proxy.endpoint });
  await using session = await openSession(client);
  const elections = Array.from({ length: COUNT }, (_, i) => election(session, `${prefix}/${i}`));
  try {
    await run({ proxy, client, session, elections, keys: () => candidates(`${prefix}/`) });
  } finally {
    // A session behind a proxy that swallows replies would take its time to close, and hide the failure.
    proxy.cut();
    await proxy.heal();
  }
  await session.close();
  assert.is((await candidates(`${prefix}/`)).length, 0);
}

const win = (elections: readonly Election[]): Promise<Leadership[]> =>
  Promise.all(elections.map((one) => one.campaign('1')));

/** Swallows the replies to what `start` sends, until etcd has applied it, and then lets the client connect anew. */
async function loseReplies<T>(
  proxy: FaultProxy,
  start: () => Promise<T>,
  isApplied: () => Promise<boolean>,
): Promise<T> {
  proxy.swallowReplies();
  const work = start();
  work.catch(() => {});
  await eventually(isApplied, { timeoutMs: 20_000 });
  proxy.cut();
  await proxy.heal();
  return work;
}

test('EL-02 MX-08 each of 200 campaigns whose reply is lost is won, with the key that it put', async () => {
  await far('campaign', async ({ proxy, elections, keys }) => {
    const all = async (): Promise<boolean> => (await keys()).length === COUNT;
    const won = await loseReplies(proxy, () => win(elections), all);
    assert.equal(
      won.map(({ revision }) => revision).toSorted(),
      (await keys()).map(({ revision }) => revision).toSorted(),
    );
    assert.ok((await keys()).every(({ version }) => version === 1));
    assert.ok(won.every(({ signal }) => !signal.aborted));
  });
});

test('EL-04 MX-09 200 campaigns that end while their reply is lost leave no candidate that nobody knows', async () => {
  await far('given-up', async ({ proxy, elections, keys }) => {
    proxy.swallowReplies();
    const ending = new AbortController();
    const work = Promise.allSettled(
      elections.map((one, i) => one.campaign('1', i % 2 === 0 ? { timeoutMs: 8_000 } : { signal: ending.signal })),
    );
    await eventually(async () => (await keys()).length === COUNT, { timeoutMs: 7_000 });
    ending.abort('enough');
    const ends = new Map<string, number>();
    for (const one of await work) {
      const reason: unknown = one.status === 'rejected' ? one.reason : 'won';
      const end = isEtcdError(reason) ? reason.code : String(reason);
      ends.set(end, (ends.get(end) ?? 0) + 1);
    }
    assert.equal(
      ends,
      new Map([
        ['DEADLINE_EXCEEDED', COUNT / 2],
        ['enough', COUNT / 2],
      ]),
      inspect(ends),
    );
    proxy.cut();
    await proxy.heal();
    await eventually(async () => (await keys()).length === 0, { timeoutMs: 20_000 });
  });
});

test('EL-04 200 further campaigns of sessions that lead, which give up, take no leadership away', async () => {
  await far('second', async ({ proxy, elections, keys }) => {
    const won = await win(elections);
    proxy.swallowReplies();
    const late = await Promise.allSettled(elections.map((one) => one.campaign('2', { timeoutMs: 500 })));
    assert.ok(late.every(({ status }) => status === 'rejected'));
    proxy.cut();
    await proxy.heal();
    // Removals would come before this, since they are sent by the same client.
    await Promise.all(won.map((one) => one.proclaim('3')));
    await new Promise((resolve) => setTimeout(resolve, 300));
    const revisions = new Set((await keys()).map(({ revision }) => revision));
    assert.ok(won.every(({ revision, signal }) => revisions.has(revision) && !signal.aborted));
  });
});

test('EL-05 each of 200 proclamations whose reply is lost resolves and is written once', async () => {
  await far('proclaim', async ({ proxy, elections, keys }) => {
    const won = await win(elections);
    const all = async (): Promise<boolean> => (await keys()).every(({ text }) => text === '2');
    await loseReplies(proxy, () => Promise.all(won.map((one) => one.proclaim('2'))), all);
    assert.ok((await keys()).every(({ version }) => version === 2));
    // A proclamation that gave up is not written after the next one.
    proxy.swallowReplies();
    const late = await Promise.allSettled(won.map((one) => one.proclaim('3', { timeoutMs: 300 })));
    for (const one of late) {
      const { reason } = one as PromiseRejectedResult;
      assert.ok(isEtcdError(reason, 'DEADLINE_EXCEEDED'), String(reason));
      assert.is(reason.outcome, 'unknown');
    }
    proxy.cut();
    await proxy.heal();
    await Promise.all(won.map((one) => one.proclaim('4')));
    assert.ok((await keys()).every(({ text }) => text === '4'));
    assert.ok(won.every(({ signal }) => !signal.aborted));
  });
});

test('CO-16 H31 EL-06 each of 200 resignations whose reply is lost resolves with true, and takes no newer key away', async () => {
  await far('resign', async ({ proxy, elections, keys }) => {
    const won = await win(elections);
    const none = async (): Promise<boolean> => (await keys()).length === 0;
    const answers = await loseReplies(proxy, () => Promise.all(won.map((one) => one.resign())), none);
    assert.ok(answers.every((answer) => answer));
    const again = await win(elections);
    assert.ok(again.every(({ revision }, i) => revision > (won[i] as Leadership).revision));
    // The keys have the same names. Resignations that gave up do not delete those that come after them.
    proxy.swallowReplies();
    const late = await Promise.allSettled(again.map((one) => one.resign({ timeoutMs: 300 })));
    assert.ok(late.every(({ status }) => status === 'rejected'));
    proxy.cut();
    await proxy.heal();
    const last = await win(elections);
    await new Promise((resolve) => setTimeout(resolve, 300));
    assert.is((await keys()).length, COUNT);
    assert.ok(last.every(({ signal }) => !signal.aborted));
  });
});

test.run();
