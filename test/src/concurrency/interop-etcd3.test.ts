// npm's etcd3 beside this client, as the migration guide describes it.
import { createClient, type EtcdClient } from '@etcdts/core';
import { election, leader, mutex, observeElection, openSession, type Session } from '@etcdts/concurrency';
import { assert, eventually, startEtcd, suite, type EtcdServer } from '@etcdts/testing';
import { Etcd3 } from 'etcd3';
import { keysOf } from './contenders.ts';

const test = suite('locks and elections beside etcd3', { timeoutMs: 20_000 });

let etcd: EtcdServer;
let client: EtcdClient;
let session: Session;
let etcd3: Etcd3;

test.before(async () => {
  etcd = await startEtcd();
  client = createClient({ endpoints: etcd.endpoint });
  session = await openSession(client);
  etcd3 = new Etcd3({ hosts: etcd.endpoint });
});
test.after(async () => {
  etcd3.close();
  await session.close();
  await client.close();
  await etcd.close();
});

test('candidates of both wait for each other in one election, and each sees the other', async () => {
  const own = election(session, 'election/jobs');
  const leadership = await own.campaign('ours');
  const theirs = etcd3.election('jobs');
  assert.is(await theirs.leader(), 'ours');
  const campaign = theirs.campaign('theirs');
  let elected = false;
  campaign.on('elected', () => (elected = true));
  await eventually(async () => (await keysOf(client, 'election/jobs')).length === 2);
  const observed = observeElection(client, 'election/jobs', { vacancies: true })[Symbol.asyncIterator]();
  assert.is((await observed.next()).value?.kv.text(), 'ours');
  assert.not(elected);
  await leadership.resign();
  assert.is((await observed.next()).value?.kv.text(), 'theirs');
  await eventually(() => elected);
  const next = own.campaign('ours again');
  await eventually(async () => (await keysOf(client, 'election/jobs')).length === 2);
  assert.is((await leader(client, 'election/jobs'))?.kv.text(), 'theirs');
  await campaign.resign();
  await (await next).resign();
  await observed.return?.();
});

test('a lock of etcd3 is one key, of which a mutex sees nothing', async () => {
  const lock = await etcd3.lock('locks/report').acquire();
  assert.is((await client.kv.get('locks/report')).count, 1);
  assert.ok(await mutex(session, 'locks/report').tryLock());
  await lock.release();
});

test.run();
