// limit: 240 s
import { createClient, type EtcdClient } from '@etcdts/core';
import { assert, eventually, startCluster, suite, type EtcdCluster, type EtcdMember } from '@etcdts/testing';
import { Recording } from './watch-history.ts';

const test = suite('watch on a cluster', { timeoutMs: 60_000 });

let cluster: EtcdCluster;
let client: EtcdClient;

test.before(async () => {
  cluster = await startCluster();
  client = createClient({ endpoints: cluster.endpoints });
});
test.after(async () => {
  await client?.close();
  await cluster?.close();
});

/** A watch through the client, what it delivers, and the member that serves it. */
async function watched(prefix: string): Promise<{ recording: Recording; member: EtcdMember; stop(): Promise<void> }> {
  const watch = client.watch(prefix, { prefix: true });
  const recording = new Recording(watch);
  const { memberId } = await watch.created;
  const { members } = await client.cluster.memberList();
  const name = members.find(({ id }) => id === memberId)?.name;
  const member = cluster.members.find((one) => one.name === name);
  if (member === undefined) throw new Error('the member that serves the watch is not known');
  return { recording, member, stop: () => watch.cancel() };
}

/** Writes 50 keys through the other members, and returns the events of it. */
async function writePast(member: EtcdMember, prefix: string): Promise<string[]> {
  const endpoints = cluster.members.filter((one) => one !== member && one.running).map(({ clientUrl }) => clientUrl);
  await using writer = createClient({ endpoints });
  const history: string[] = [];
  for (let i = 0; i < 50; i++) {
    const { header } = await eventually(() => writer.kv.put(`${prefix}${i}`, 'v'), { timeoutMs: 20_000 });
    history.push(`${header.revision} put ${prefix}${i}`);
  }
  return history;
}

test('H10: a watch leaves a frozen member within 9 s and misses nothing', async () => {
  const { recording, member, stop } = await watched('frozen/');
  await member.freeze();
  const frozen = performance.now();
  const history = await writePast(member, 'frozen/');
  await eventually(() => recording.events >= history.length);
  const took = performance.now() - frozen;
  await member.thaw();
  recording.assertEquals(history);
  assert.ok(took < 9_000, `${took} ms`);
  await stop();
});

test('W-30: a watch leaves a killed member', async () => {
  const { recording, member, stop } = await watched('killed/');
  await member.kill();
  const history = await writePast(member, 'killed/');
  await eventually(() => recording.events >= history.length);
  recording.assertEquals(history);
  await member.start();
  await stop();
});

test('H22 W-44: a watch outlives the loss of the leader and of the quorum', async () => {
  const { recording, member, stop } = await watched('quorum/');
  const [first, second] = cluster.members.filter((one) => one !== member) as [EtcdMember, EtcdMember];
  await Promise.all([first.kill(), second.kill()]);
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  assert.is(recording.ended, false);
  await Promise.all([first.start(), second.start()]);
  const history = await writePast(member, 'quorum/');
  await eventually(() => recording.events >= history.length, { timeoutMs: 20_000 });
  recording.assertEquals(history);
  await stop();
});

test('H16: a rolling restart of all members loses nothing', async () => {
  const watch = client.watch('rolling/', { prefix: true });
  const recording = new Recording(watch);
  await watch.created;
  await using writer = createClient({ endpoints: cluster.endpoints });
  const written = new Map<string, bigint>();
  let rolling = true;
  const writing = (async () => {
    for (let i = 0; rolling; i++) {
      const key = `rolling/${i}`;
      // A failed put may have been applied. The key shows that afterwards, because each is written once.
      await writer.kv.put(key, 'v', { timeoutMs: 1_000 }).catch(() => {});
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  })();
  for (const member of cluster.members) {
    await member.stop();
    await member.start();
  }
  rolling = false;
  await writing;
  const { kvs } = await eventually(() => writer.kv.get('rolling/', { prefix: true }), { timeoutMs: 20_000 });
  for (const kv of kvs) written.set(kv.key.toString(), kv.modRevision);
  const history = [...written]
    .toSorted(([, a], [, b]) => Number(a - b))
    .map(([key, revision]) => `${revision} put ${key}`);
  await eventually(() => recording.events >= history.length, { timeoutMs: 20_000 });
  recording.assertEquals(history);
  assert.ok(history.length > 100, String(history.length));
  await watch.cancel();
});

test.run();
