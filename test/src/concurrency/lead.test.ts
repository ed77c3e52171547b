// limit: 120 s
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient, isEtcdError, type EtcdClient } from '@etcdts/core';
import { election, lead, openSession, renewingSession, type LeaderBody, type Leadership } from '@etcdts/concurrency';
import { assert, deferred, eventually, rejects, startEtcd, startProxy, suite, type EtcdServer } from '@etcdts/testing';
import { keysOf, openSessions } from './contenders.ts';

const test = suite('lead', { timeoutMs: 30_000 });

let etcd: EtcdServer;
let client: EtcdClient;

test.before(async () => {
  etcd = await startEtcd();
  client = createClient({ endpoints: etcd.endpoint });
});
test.after(async () => {
  await client.close();
  await etcd.close();
});

/** A body that works until its signal aborts, and then throws the signal's reason. */
const untilLost: LeaderBody<never> = (signal) => sleep(60_000, undefined as never, { signal });

test('a body that resolves while it leads ends lead with its value, and the next candidate leads', async () => {
  await using open = await openSessions(etcd.endpoint, 2);
  const [one, two] = open;
  const order: string[] = [];
  const work =
    (name: string): LeaderBody<string> =>
    async (signal, leadership) => {
      order.push(`${name} begins`);
      assert.is((await keysOf(client, 'value'))[0]?.text(), name);
      assert.not(signal.aborted);
      await leadership.proclaim(`${name} works`);
      order.push(`${name} ends`);
      return name;
    };
  const results = await Promise.all([
    lead(election(one, 'value'), 'a', work('a')),
    lead(election(two, 'value'), 'b', work('b')),
  ]);
  assert.equal(results, ['a', 'b']);
  const [winner, second] = order[0] === 'a begins' ? ['a', 'b'] : ['b', 'a'];
  assert.equal(order, [`${winner} begins`, `${winner} ends`, `${second} begins`, `${second} ends`]);
  assert.is((await keysOf(client, 'value')).length, 0);
});

test('a body that throws rejects lead with its error, after the leadership was given back; so does a throw before any promise', async () => {
  await using open = await openSessions(etcd.endpoint, 2);
  const failure = new Error('the work failed');
  const failing = lead(election(open[0], 'throws'), '1', () => Promise.reject(failure));
  assert.is(await failing.catch((error: unknown) => error), failure);
  assert.is((await keysOf(client, 'throws')).length, 0);
  const sudden = lead(election(open[0], 'throws'), '1', () => {
    throw failure;
  });
  assert.is(await sudden.catch((error: unknown) => error), failure);
  assert.is((await keysOf(client, 'throws')).length, 0);
});

test('after a loss lead waits for the body, and only then campaigns again', async () => {
  await using open = await openSessions(etcd.endpoint, 2);
  const ending = new AbortController();
  const held: Leadership[] = [];
  const finish = deferred();
  let inside = 0;
  const leading = lead(
    election(open[0], 'loss'),
    '1',
    async (signal, leadership) => {
      assert.is(++inside, 1);
      held.push(leadership);
      try {
        await untilLost(signal, leadership);
      } finally {
        if (held.length === 1) await finish.promise;
        inside--;
      }
    },
    { signal: ending.signal },
  );
  await eventually(() => held.length === 1);
  await client.kv.delete(held[0]!.key);
  await eventually(() => held[0]!.signal.aborted);
  await sleep(500);
  assert.is(held.length, 1);
  assert.is((await keysOf(client, 'loss')).length, 0);
  finish.resolve();
  await eventually(() => held.length === 2);
  assert.ok(held[1]!.revision > held[0]!.revision);
  ending.abort('shut down');
  assert.is(await leading.catch((reason: unknown) => reason), 'shut down');
  assert.is((await keysOf(client, 'loss')).length, 0);
});

test('an error of the body’s own is not lost after a loss, nor after an abort; a body that returns after a loss leads again', async () => {
  await using open = await openSessions(etcd.endpoint, 2);
  const failure = new Error('flushing failed');
  // The key is there before the body begins: what comes in between ends the campaign, not the body.
  let begun = deferred<void>();
  const losing = async (body: LeaderBody<void>, ending?: AbortController): Promise<unknown> => {
    begun = deferred();
    const options = ending === undefined ? {} : { signal: ending.signal };
    const leading = lead(election(open[0], 'own'), '1', body, options).catch((error: unknown) => error);
    await begun.promise;
    if (ending === undefined) await client.kv.delete('own/', { prefix: true });
    else ending.abort();
    return leading;
  };
  const flushing: LeaderBody<void> = async (signal, leadership) => {
    begun.resolve();
    await untilLost(signal, leadership).catch(() => {});
    throw failure;
  };
  assert.is(await losing(flushing), failure);
  assert.is(await losing(flushing, new AbortController()), failure);
  let terms = 0;
  const returning: LeaderBody<void> = async (signal, leadership) => {
    begun.resolve();
    if (++terms === 1) await untilLost(signal, leadership).catch(() => {});
  };
  assert.is(await losing(returning), undefined);
  assert.is(terms, 2);
});

test('an abort while it waits to lead rejects with the reason and leaves no candidate', async () => {
  await using open = await openSessions(etcd.endpoint, 2);
  const [one, two] = open;
  await election(one, 'aborted').campaign('1');
  const ending = new AbortController();
  const waiting = lead(election(two, 'aborted'), '2', untilLost, { signal: ending.signal });
  await eventually(async () => (await keysOf(client, 'aborted')).length === 2);
  ending.abort('enough');
  assert.is(await waiting.catch((reason: unknown) => reason), 'enough');
  await eventually(async () => (await keysOf(client, 'aborted')).length === 1);
  const late = lead(election(two, 'aborted'), '2', untilLost, { signal: AbortSignal.abort('before') });
  assert.is(await late.catch((reason: unknown) => reason), 'before');
});

test('a session that is lost rejects lead; a renewing one is opened again, and the loss is reported', async () => {
  await using session = await openSession(client, { ttl: 2 });
  const plain = lead(election(session, 'plain'), '1', untilLost);
  await eventually(async () => (await keysOf(client, 'plain')).length === 1);
  await client.lease.revoke(session.lease);
  await rejects(plain, { code: 'LEASE_NOT_FOUND' });

  const losses: unknown[] = [];
  await using renewing = renewingSession(client, { ttl: 2, onLost: (reason) => losses.push(reason) });
  const ending = new AbortController();
  const terms: Leadership[] = [];
  const body: LeaderBody<never> = (signal, leadership) => (terms.push(leadership), untilLost(signal, leadership));
  const leading = lead(election(renewing, 'renewing'), '1', body, { signal: ending.signal });
  await eventually(() => terms.length === 1);
  const first = await renewing.current();
  await client.lease.revoke(first.lease);
  await eventually(() => terms.length === 2);
  assert.is(losses.length, 1);
  assert.ok(isEtcdError(losses[0], 'LEASE_NOT_FOUND'));
  assert.not.equal(terms[0]?.key, terms[1]?.key);
  ending.abort('enough');
  assert.is(await leading.catch((reason: unknown) => reason), 'enough');
});

test('a renewing session that is lost while it waits to lead is opened again, and waits behind the others', async () => {
  await using open = await openSessions(etcd.endpoint, 2);
  const [one, two] = open;
  const first = await election(one, 'waiting').campaign('first');
  await using renewing = renewingSession(client, { ttl: 2 });
  const leading = lead(election(renewing, 'waiting'), 'ours', () => Promise.resolve('led'));
  await eventually(async () => (await keysOf(client, 'waiting')).length === 2);
  const second = election(two, 'waiting').campaign('second');
  await eventually(async () => (await keysOf(client, 'waiting')).length === 3);
  await client.lease.revoke((await renewing.current()).lease);
  await eventually(async () => (await keysOf(client, 'waiting')).map((kv) => kv.text()).join() === 'first,second,ours');
  await first.resign();
  await (await second).resign();
  assert.is(await leading, 'led');
});

test('it goes on through an etcd that is away for longer than the session lives', async () => {
  await using own = await startEtcd();
  await using proxy = await startProxy(own.endpoint);
  await using far = createClient({ endpoints: proxy.endpoint });
  await using renewing = renewingSession(far, { ttl: 1, timeoutMs: 1_000 });
  const ending = new AbortController();
  let inside = 0;
  let terms = 0;
  const leading = lead(
    election(renewing, 'away'),
    '1',
    async (signal, leadership) => {
      assert.is(++inside, 1);
      terms++;
      await untilLost(signal, leadership).finally(() => inside--);
    },
    { signal: ending.signal },
  );
  await eventually(() => terms === 1);
  proxy.refuse();
  proxy.cut();
  await eventually(() => inside === 0);
  await sleep(2_000);
  assert.is(terms, 1);
  await proxy.heal();
  await eventually(() => terms === 2);
  ending.abort('enough');
  assert.is(await leading.catch((reason: unknown) => reason), 'enough');
});

test('a body that resigns gives the others a turn and leads again later', async () => {
  await using open = await openSessions(etcd.endpoint, 2);
  const [one, two] = open;
  const leaders: string[] = [];
  const body =
    (name: string): LeaderBody<void> =>
    async (_, leadership) => {
      if (leaders.push(name) < 6) await leadership.resign();
    };
  const ending = new AbortController();
  const both = ['a', 'b'].map((name, i) =>
    lead(election(i === 0 ? one : two, 'turns'), name, body(name), { signal: ending.signal }),
  );
  await Promise.race(both);
  ending.abort();
  await Promise.allSettled(both);
  assert.ok(leaders.includes('a') && leaders.includes('b'), leaders.join());
});

test('bad arguments are refused by name: a body that is no function or returns no promise, an election that is none', async () => {
  await using open = await openSessions(etcd.endpoint, 2);
  const own = election(open[0], 'bad');
  await rejects(lead({} as never, '1', untilLost), { code: 'INVALID_ARGUMENT', argument: 'election' });
  await rejects(lead(open[0] as never, '1', untilLost), { argument: 'election' });
  await rejects(lead(own, 1 as never, untilLost), { argument: 'value' });
  await rejects(lead(own, '1', undefined as never), { argument: 'body' });
  await rejects(lead(own, '1', untilLost, { timeoutMs: 1 } as never), { argument: 'timeoutMs' });
  await rejects(lead(own, '1', untilLost, { signl: 1 } as never), /unknown option signl; did you mean signal/);
  assert.is((await keysOf(client, 'bad')).length, 0);
  await rejects(lead(own, '1', (() => 7) as never), { code: 'INVALID_ARGUMENT', argument: 'body' });
  assert.is((await keysOf(client, 'bad')).length, 0);
});

test.run();
