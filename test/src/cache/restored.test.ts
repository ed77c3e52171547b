// limit: 120 s
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { cache, follow } from '@etcdts/cache';
import { createClient } from '@etcdts/core';
import { assert, eventually, findEtcd, startEtcd, suite } from '@etcdts/testing';
import { Followed } from './followed.ts';

const test = suite('a store that was restored from a snapshot', { timeoutMs: 90_000 });
const execute = promisify(execFile);

test('FO-03 CC-02 what is followed and what is copied has the state of the snapshot then', async ({ skip }) => {
  const etcdutl = join(dirname((await findEtcd()).path), 'etcdutl');
  if (!existsSync(etcdutl)) skip('there is no etcdutl beside etcd');
  const folder = await mkdtemp(join(tmpdir(), 'etcdts-restored-'));
  try {
    await using old = await startEtcd();
    await using client = createClient({ endpoints: old.endpoints });
    for (let i = 0; i < 10; i++) await client.kv.put(`restored/${i}`, 'kept');
    await client.maintenance.snapshot().saveTo(join(folder, 'snapshot.db'));

    await using following = follow(client, 'restored/', { prefix: true });
    const seen = new Followed(following);
    const copy = cache(client, 'restored/');
    const changes: string[] = [];
    const reading = (async () => {
      for await (const { type } of copy.changes({ initial: true })) changes.push(type);
    })();
    await following.synced;
    for (let i = 5; i < 15; i++) await client.kv.put(`restored/${i}`, 'lost');
    await eventually(() => seen.state.get('restored/14') === 'lost' && copy.size === 15);

    const place = ['--name=member-1', '--initial-cluster=member-1=http://127.0.0.1:1'];
    const peers = '--initial-advertise-peer-urls=http://127.0.0.1:1';
    const data = join(folder, 'data');
    await execute(etcdutl, ['snapshot', 'restore', join(folder, 'snapshot.db'), `--data-dir=${data}`, ...place, peers]);
    await old.member.kill();
    await using restored = await startEtcd({ extraArgs: [`--data-dir=${data}`] });
    client.setEndpoints(restored.endpoints);
    await eventually(() => seen.restarts === 1 && seen.state.size === 10, { timeoutMs: 30_000 });
    assert.ok([...seen.state.values()].every((value) => value === 'kept'));
    await eventually(() => copy.ready && copy.size === 10, { timeoutMs: 30_000 });
    assert.is(copy.peek('restored/7')?.text(), 'kept');
    assert.is(copy.peek('restored/14'), undefined);
    await eventually(() => changes.at(-1) === 'resynced' && changes.includes('deleted'));
    assert.is(changes.filter((type) => type === 'deleted').length, 5);
    const { header } = await client.kv.put('restored/new', '1');
    await copy.whenAt(header.revision, { timeoutMs: 20_000 });
    assert.is((await copy.get('restored/new')).kvs[0]?.text(), '1');
    await copy.close();
    await reading;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test('FO-03 CC-11 a store that was restored under the same ids, and has come past the copy, is recognised by its term', async ({
  skip,
}) => {
  const etcdutl = join(dirname((await findEtcd()).path), 'etcdutl');
  if (!existsSync(etcdutl)) skip('there is no etcdutl beside etcd');
  const folder = await mkdtemp(join(tmpdir(), 'etcdts-restored-'));
  const path = (name: string): string => join(folder, name);
  const place = ['--name=member-1', '--initial-cluster=member-1=http://127.0.0.1:1'];
  const peers = '--initial-advertise-peer-urls=http://127.0.0.1:1';
  const restore = (snapshot: string, data: string): Promise<unknown> =>
    execute(etcdutl, ['snapshot', 'restore', path(snapshot), `--data-dir=${path(data)}`, ...place, peers]);
  try {
    {
      await using first = await startEtcd();
      await using client = createClient({ endpoints: first.endpoints });
      for (let i = 0; i < 10; i++) await client.kv.put(`same/${i}`, 'kept');
      await client.maintenance.snapshot().saveTo(path('snapshot.db'));
    }
    await restore('snapshot.db', 'old');
    await restore('snapshot.db', 'new');
    await using old = await startEtcd({ extraArgs: [`--data-dir=${path('old')}`] });
    // Each start of a single member is an election.
    for (let i = 0; i < 3; i++) await old.member.restart();
    await using client = createClient({ endpoints: old.endpoints });
    await using following = follow(client, 'same/', { prefix: true });
    const seen = new Followed(following);
    await using copy = cache(client, 'same/');
    await Promise.all([following.synced, copy.whenReady()]);
    for (let i = 5; i < 15; i++) await client.kv.put(`same/${i}`, 'lost');
    await eventually(() => seen.state.get('same/14') === 'lost' && copy.size === 15);
    const { header: before } = await client.kv.get('same/');
    await old.member.kill();

    await using restored = await startEtcd({ extraArgs: [`--data-dir=${path('new')}`] });
    await using writer = createClient({ endpoints: restored.endpoints });
    for (let i = 0; i < 50; i++) await writer.kv.put('same/new', String(i));
    const { header: after } = await writer.kv.get('same/');
    assert.equal([after.clusterId, after.memberId], [before.clusterId, before.memberId]);
    assert.ok(after.revision > before.revision && after.raftTerm < before.raftTerm);
    client.setEndpoints(restored.endpoints);
    await eventually(() => seen.restarts === 1 && seen.state.size === 11, { timeoutMs: 30_000 });
    await eventually(() => copy.ready && copy.size === 11, { timeoutMs: 30_000 });
    assert.ok([...seen.state.values()].every((value) => value !== 'lost'));
    assert.is(copy.peek('same/7')?.text(), 'kept');
    assert.is(copy.stats().restarts, 1);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test.run();
