// limit: 180 s
import { createClient, type EtcdClient } from '@etcdts/core';
import { election, mutex, observeElection, openSession, type Session } from '@etcdts/concurrency';
import { assert, eventually, startEtcd, suite, type EtcdServer } from '@etcdts/testing';
import { keysOf } from './contenders.ts';
import { etcdctlOf, Program } from './programs.ts';

const test = suite('locks and elections beside etcdctl', { timeoutMs: 40_000 });

let etcd: EtcdServer;
let client: EtcdClient;
let session: Session;

test.before(async () => {
  etcd = await startEtcd();
  client = createClient({ endpoints: etcd.endpoint });
  session = await openSession(client);
});
test.after(async () => {
  await session.close();
  await client.close();
  await etcd.close();
});

const contenders = async (name: string, count: number): Promise<readonly string[]> => {
  await eventually(async () => (await keysOf(client, name)).length === count);
  return (await keysOf(client, name)).map(({ key }) => key.toString());
};

for (const release of ['3.4', '3.5'] as const) {
  const path = await etcdctlOf(release);
  const add = (name: string, body: (path: string) => Promise<void>): void => {
    if (path === undefined)
      test.skip(`${name} (etcdctl ${release})`, `there is no etcdctl ${release}: scripts/etcd.mjs obtains one`);
    else test(`${name} (etcdctl ${release})`, () => body(path));
  };
  const ctl = (path: string, ...args: string[]): Program =>
    new Program(path, [`--endpoints=${etcd.endpoint}`, ...args]);

  add(
    'MX-01 TestCtlV3Lock: etcdctl lock waits for a lock of this client, and this client for one of etcdctl, in order',
    async (path) => {
      const name = `lock-${release}`;
      const lock = await mutex(session, name).lock();
      await using first = ctl(path, 'lock', name);
      const [, firstKey] = await contenders(name, 2);
      const next = mutex(session, name).lock();
      await using second = ctl(path, 'lock', name);
      await contenders(name, 3);
      assert.is(await mutex(session, name).tryLock(), undefined);
      assert.equal(first.lines, []);
      await lock.unlock();
      assert.is((await first.printed(1))[0], firstKey);
      // The second lock of this session comes to etcd after the first one is unlocked, behind those who wait there.
      const waiting = await contenders(name, 3);
      assert.is(waiting[2], `${name}/${session.lease.toString(16)}`);
      await first.end();
      assert.is((await second.printed(1))[0], waiting[1]);
      await second.end();
      const ours = await next;
      assert.is(ours.key.toString(), waiting[2]);
      await ours.unlock();
      await contenders(name, 0);
    },
  );

  add('TestCtlV3LockWithCmd: a command of etcdctl lock runs only after this client has unlocked', async (path) => {
    const name = `command-${release}`;
    const lock = await mutex(session, name).lock();
    await using held = ctl(path, 'lock', name, 'printenv', 'ETCD_LOCK_KEY');
    const [, key] = await contenders(name, 2);
    assert.equal(held.lines, []);
    await lock.unlock();
    assert.equal(await held.printed(1), [key]);
    await using after = await mutex(session, name).lock();
    assert.ok(after.revision > lock.revision);
  });

  add('EL-15 etcdctl elect waits for a leadership of this client, and this client for one of etcdctl', async (path) => {
    const name = `elect-${release}`;
    const own = election(session, name);
    const leadership = await own.campaign('ours');
    const observed = observeElection(client, name, { vacancies: true })[Symbol.asyncIterator]();
    assert.is((await observed.next()).value?.kv.text(), 'ours');
    await using candidate = ctl(path, 'elect', name, 'theirs');
    const [, key] = await contenders(name, 2);
    assert.equal(candidate.lines, []);
    await leadership.resign();
    assert.equal((await candidate.printed(2)).slice(0, 2), [key, 'theirs']);
    const { value } = await observed.next();
    assert.equal([value?.kv.key.toString(), value?.kv.text()], [key, 'theirs']);
    assert.is((await own.leader())?.kv.text(), 'theirs');
    const next = own.campaign('ours again');
    await contenders(name, 2);
    assert.is(await candidate.end(), 0);
    assert.is((await observed.next()).value?.kv.text(), 'ours again');
    await (await next).resign();
    assert.is((await observed.next()).value, undefined);
    await observed.return?.();
  });

  add('EL-15 etcdctl elect --listen prints each leader and proclamation of this client', async (path) => {
    const name = `listen-${release}`;
    const leadership = await election(session, name).campaign('1');
    await using listener = ctl(path, 'elect', '--listen', name);
    const key = leadership.key.toString();
    assert.equal(await listener.printed(2), [key, '1']);
    await leadership.proclaim('2');
    assert.equal((await listener.printed(4)).slice(2), [key, '2']);
    await leadership.resign();
    await using _next = await election(session, name).campaign('3');
    assert.equal((await listener.printed(6)).slice(4), [key, '3']);
  });
}

test.run();
