import { createClient, isEtcdError } from '@etcdts/core';
import type { EtcdClient } from '@etcdts/core';
import { assert, eventually, rejects, startEtcd, suite } from '@etcdts/testing';
import type { EtcdMember, EtcdServer } from '@etcdts/testing';

const test = suite('lease', { timeoutMs: 30_000 });
let etcd: EtcdServer;

test.before(async () => {
  etcd = await startEtcd();
});
test.after(async () => {
  await etcd.close();
});

function connect(): EtcdClient {
  return createClient({ endpoints: etcd.endpoints });
}

/** How many LeaseKeepAlive streams the server has open. */
async function openStreams(member: EtcdMember = etcd.member): Promise<number> {
  const labels = { grpc_service: 'etcdserverpb.Lease', grpc_method: 'LeaseKeepAlive' };
  const started = await member.metric('grpc_server_started_total', labels);
  return started - (await member.metric('grpc_server_handled_total', labels));
}

test('500 keepalives share a stream, and none is open when they have ended (L-06)', async () => {
  await using client = connect();
  const before = await openStreams();
  const grants = await Promise.all(Array.from({ length: 500 }, () => client.lease.grant(60)));
  const kept = grants.map(({ id }) => client.lease.keepAlive(id));
  const started = performance.now();
  await Promise.all(kept.map((one) => one[Symbol.asyncIterator]().next()));
  assert.ok(performance.now() - started < 5_000, 'every one is answered on the first request');
  assert.is((await openStreams()) - before, 1);
  await Promise.all(kept.map((one) => one.cancel()));
  await eventually(async () => (await openStreams()) === before);
  const again = client.lease.keepAlive(grants[0]!.id);
  await again[Symbol.asyncIterator]().next();
  assert.is((await openStreams()) - before, 1);
  await client.close();
  await eventually(async () => (await openStreams()) === before);
  assert.ok(isEtcdError(again.signal.reason, 'CLIENT_CLOSED'));
});

test('keepAliveOnce leaves no stream open: renewed, not found, aborted, out of time (L-18)', async () => {
  await using client = connect();
  const before = await openStreams();
  const { id } = await client.lease.grant(60);
  for (let i = 0; i < 20; i++) await client.lease.keepAliveOnce(id);
  assert.is(await openStreams(), before, 'the server has ended them when the renewal resolves');
  await rejects(client.lease.keepAliveOnce(4_711n), { code: 'LEASE_NOT_FOUND' });
  assert.is(await openStreams(), before);

  const started = await etcd.member.metric('grpc_server_started_total', { grpc_method: 'LeaseKeepAlive' });
  await etcd.member.freeze();
  try {
    const own = new AbortController();
    const aborted = rejects(client.lease.keepAliveOnce(id, { signal: own.signal }), /enough/);
    setTimeout(() => own.abort(new Error('enough')), 100);
    await aborted;
    await rejects(client.lease.keepAliveOnce(id, { timeoutMs: 100 }), { code: 'DEADLINE_EXCEEDED' });
  } finally {
    await etcd.member.thaw();
  }
  await eventually(async () => (await openStreams()) === before);
  const opened = (await etcd.member.metric('grpc_server_started_total', { grpc_method: 'LeaseKeepAlive' })) - started;
  assert.ok(opened <= 2, `${opened} streams for two calls`);
});

test('a lease revoked by another client ends the keepalive at its next renewal (H28)', async () => {
  await using client = connect();
  await using other = connect();
  const { id } = await client.lease.grant(2);
  const reader = client.lease.keepAlive(id)[Symbol.asyncIterator]();
  await reader.next();
  await other.lease.revoke(id);
  await rejects(
    async () => {
      for (;;) await reader.next();
    },
    { code: 'LEASE_NOT_FOUND' },
  );
});

test('a time to live below the minimum is raised, and what was granted is reported (L-01, H29)', async () => {
  await using slow = await startEtcd({ timing: 'default' });
  await using client = createClient({ endpoints: slow.endpoints });
  const { id, ttl } = await client.lease.grant(1);
  assert.is(ttl, 2);
  const { value } = await client.lease.keepAlive(id)[Symbol.asyncIterator]().next();
  assert.is(value?.ttl, 2);
});

test('after a blocked event loop no guarded code runs on a lease that may be gone (H26)', async () => {
  await using client = connect();
  await using other = connect();
  const { id, ttl } = await client.lease.grant(2);
  await client.kv.put('lease/blocked', '', { lease: id });
  const kept = client.lease.keepAlive(id);
  await kept[Symbol.asyncIterator]().next();
  let ran = false;
  const guarded = Promise.resolve().then(() => {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ttl * 1_000 + 100);
    return null;
  });
  await guarded;
  // No timer has run since.
  if (!kept.signal.aborted) ran = true;
  assert.not(ran);
  assert.ok(isEtcdError(kept.signal.reason, 'LEASE_LOST'));
  await eventually(async () => (await other.kv.get('lease/blocked')).count === 0, { timeoutMs: 5_000 });
});

test.run();
