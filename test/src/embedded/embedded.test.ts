import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:http2';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient, type EtcdClient } from '@etcdts/core';
import { startEmbedded, type EmbeddedEtcd, type EmbeddedOptions } from '@etcdts/embedded';
import { assert, eventually, rejects, suite } from '@etcdts/testing';
import { RawEtcd, type Message } from '../raw-etcd.ts';

const test = suite('embedded');

interface Both extends AsyncDisposable {
  readonly etcd: EmbeddedEtcd;
  readonly client: EtcdClient;
}

async function start(options?: EmbeddedOptions): Promise<Both> {
  const etcd = await startEmbedded(options);
  const client = createClient({ endpoints: etcd.endpoint });
  return {
    etcd,
    client,
    async [Symbol.asyncDispose]() {
      await client.close();
      await etcd.close();
    },
  };
}

async function readEvents(
  watch: AsyncIterable<{ readonly events: readonly { readonly type: string }[] }>,
): Promise<string> {
  for await (const { events } of watch) return events.map(({ type }) => type).join();
  return 'nothing';
}

test('advance ends leases at once, their keys at one revision each lease, in order', async () => {
  await using both = await start();
  const { etcd, client } = both;
  const { kv, lease } = client;
  const [late, early] = [await lease.grant(20), await lease.grant(10)];
  for (const key of ['a', 'b']) await kv.put(key, '', { lease: early.id });
  const { header } = await kv.put('c', '', { lease: late.id });
  await using watch = client.watch('', { prefix: true });
  await watch.created;
  etcd.advance(8_000);
  assert.ok((await lease.timeToLive(early.id)).ttl >= 0);
  etcd.advance(2_000);
  assert.is((await lease.timeToLive(early.id)).ttl, -1);
  assert.is(await readEvents(watch), 'delete,delete');
  etcd.advance(100_000);
  const left = await kv.get('', { prefix: true });
  assert.equal([left.count, left.header.revision], [0, header.revision + 2n]);
  assert.throws(() => etcd.advance(-1), /only goes forward/);
});

test('a renewed lease lives on from its renewal; a grant is raised to the least there is', async () => {
  await using both = await start({ minLeaseTtl: 5 });
  const { etcd, client } = both;
  const { id, ttl } = await client.lease.grant(1);
  assert.is(ttl, 5);
  etcd.advance(3_000);
  assert.is((await client.lease.keepAliveOnce(id)).ttl, 5);
  etcd.advance(3_000);
  assert.ok((await client.lease.timeToLive(id)).ttl >= 0);
});

test('the clock may be given, and nothing happens but by it', async () => {
  let now = 0;
  const timers = new Set<{ at: number; callback: () => void }>();
  const clock = {
    now: () => now,
    after(ms: number, callback: () => void) {
      const timer = { at: now + ms, callback };
      timers.add(timer);
      return { cancel: () => void timers.delete(timer) };
    },
  };
  await using both = await start({ clock });
  const { id } = await both.client.lease.grant(10);
  now = 10_000;
  for (const timer of timers) if (timer.at <= now && timers.delete(timer)) timer.callback();
  assert.is((await both.client.lease.timeToLive(id)).ttl, -1);
});

test('MO-01 fail makes the named calls fail, with etcd’s text or another', async () => {
  await using both = await start();
  const { etcd, client } = both;
  const fault = etcd.fail({ method: 'KV.Put', code: 'NO_LEADER', after: 1, times: 2 });
  const results: string[] = [];
  for (let i = 0; i < 4; i++)
    results.push(
      await client.kv.put('k', String(i)).then(
        () => 'put',
        (error) => error.code,
      ),
    );
  assert.equal(results, ['put', 'NO_LEADER', 'NO_LEADER', 'put']);
  assert.is(fault.failed, 2);
  etcd.fail({ method: 'Range', code: 'RESOURCE_EXHAUSTED', message: 'too much' });
  const error = await rejects(client.kv.get('k'), { code: 'RESOURCE_EXHAUSTED' });
  assert.match(String(error), /too much/);
  const all = etcd.fail({ method: '*', code: 'PERMISSION_DENIED', times: Infinity });
  await rejects(client.kv.get('k'), { code: 'PERMISSION_DENIED' });
  await rejects(client.lease.grant(10), { code: 'PERMISSION_DENIED' });
  all.cancel();
  await client.kv.get('k');
  assert.throws(() => etcd.fail({ method: 'KV.Pot', code: 'NO_LEADER' }), /no method KV.Pot/);
  assert.throws(() => etcd.fail({ method: 'KV.Put', code: 'NONE' as 'NO_LEADER' }), /no code NONE/);
});

test('a failure can come after the write was applied', async () => {
  await using both = await start();
  const { etcd, client } = both;
  etcd.fail({ method: 'KV.Put', code: 'UNAVAILABLE', applied: true });
  await rejects(client.kv.put('k', 'v'), { code: 'UNAVAILABLE', outcome: 'unknown' });
  assert.is((await client.kv.get('k')).kvs[0]?.text(), 'v');
});

test('disconnect cuts every stream; watches go on and miss nothing', async () => {
  await using both = await start();
  const { etcd, client } = both;
  const watch = client.watch('k', { prefix: true });
  await watch.created;
  const seen: string[] = [];
  const reading = (async () => {
    for await (const { kv } of watch.events()) if (seen.push(kv.text()) === 20) break;
  })();
  for (let i = 0; i < 20; i++) {
    if (i % 5 === 4) etcd.disconnect();
    await eventually(() =>
      client.kv.put('k', String(i)).then(
        () => true,
        () => false,
      ),
    );
  }
  await reading;
  assert.ok(new Set(seen).size >= 19, seen.join());
});

test('freeze answers nothing until thaw, which goes on in order; time stands still meanwhile', async () => {
  await using both = await start();
  const { etcd, client } = both;
  const { id } = await client.lease.grant(10);
  const watch = client.watch('k');
  await watch.created;
  etcd.freeze();
  await rejects(client.kv.get('k', { timeoutMs: 50 }), { code: 'DEADLINE_EXCEEDED' });
  const puts = ['1', '2'].map((value) => client.kv.put('k', value));
  etcd.advance(10_000);
  await rejects(client.lease.timeToLive(id, { timeoutMs: 50 }), { code: 'DEADLINE_EXCEEDED' });
  etcd.thaw();
  const [first, second] = await Promise.all(puts);
  assert.ok((first?.header.revision ?? 0n) < (second?.header.revision ?? 0n));
  assert.is(await readEvents(watch), 'put');
  assert.is((await client.lease.timeToLive(id)).ttl, -1);
});

test('watches with progress notification get the revision when nothing happens', async () => {
  await using both = await start({ progressNotifyIntervalMs: 1_000 });
  const { etcd, client } = both;
  await using watch = client.watch('k', { progressNotify: true });
  await watch.created;
  const { header } = await client.kv.put('other', '');
  const responses = watch[Symbol.asyncIterator]();
  for (let i = 0; i < 3; i++) {
    etcd.advance(1_000);
    const { value } = await responses.next();
    assert.equal([value?.progressNotify, value?.header.revision], [true, header.revision]);
  }
});

test('a client that does not read its watch costs no memory: what it misses comes from the history', async () => {
  await using etcd = await startEmbedded();
  const raw = new RawEtcd(etcd.endpoint);
  // A client that reads no further than its window, unlike one of gRPC.
  const session = connect(`http://${etcd.endpoint}`);
  const stream = session.request({
    ':method': 'POST',
    ':path': '/etcdserverpb.Watch/Watch',
    'content-type': 'application/grpc',
    te: 'trailers',
  });
  const chunks: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => void chunks.push(chunk));
  const messages = (): readonly Buffer[] => {
    const bytes = Buffer.concat(chunks);
    const found = [];
    for (let at = 0; at + 5 <= bytes.length;) {
      const end = at + 5 + bytes.readUInt32BE(at + 1);
      if (end <= bytes.length) found.push(bytes.subarray(at, end));
      at = end;
    }
    return found;
  };
  const watchOfK = Buffer.from('00000000050a030a016b', 'hex');
  stream.write(watchOfK);
  await eventually(() => messages().length === 1);
  const value = Buffer.alloc(100_000);
  const put = async (): Promise<Message> => {
    const { responses } = await raw.call('KV.Put', { key: Buffer.from('k'), value });
    return responses[0]?.['header'] as Message;
  };
  stream.pause();
  for (let i = 0; i < 100; i++) await put();
  stream.resume();
  await eventually(() => chunks.reduce((sum, { length }) => sum + length, 0) > 100 * value.length);

  stream.pause();
  for (let i = 0; i < 100; i++) await put();
  const { revision } = await put();
  await raw.call('KV.Compact', { revision });
  const before = messages().length;
  stream.resume();
  // One event that was on its way, and the end: canceled, and the revision.
  await eventually(() => messages().length === before + 2);
  assert.ok((messages().at(-1)?.length ?? 0) < 100);
  session.destroy();
  raw.close();
});

test('a client that asks and does not read the answers is not read from', async () => {
  await using etcd = await startEmbedded();
  const raw = new RawEtcd(etcd.endpoint);
  const stream = raw.stream('Watch.Watch');
  stream.pause();
  const asked = 10_000;
  const refused = { createRequest: { key: Buffer.alloc(1_000), startRevision: -1 } };
  for (let i = 0; i < asked; i++) stream.send(refused);
  let before = Infinity;
  await eventually(() => stream.pending() === before || ((before = stream.pending()), false), { intervalMs: 200 });
  assert.ok(before > 0, 'all was read');
  stream.resume();
  await eventually(() => stream.received.length === asked);
  stream.close();
  raw.close();
});

test('close ends open streams and calls, may come twice, and leaves nothing', async () => {
  const etcd = await startEmbedded();
  const raw = new RawEtcd(etcd.endpoint);
  const streams = ['Watch.Watch', 'Lease.LeaseKeepAlive'].map((name) => raw.stream(name));
  streams[0]?.send({ createRequest: { key: Buffer.from('k') } });
  streams[1]?.send({ ID: 1 });
  await eventually(() => streams.every(({ received }) => received.length === 1));
  etcd.freeze();
  const call = raw.call('KV.Range', { key: Buffer.from('k') });
  await new Promise((resolve) => setTimeout(resolve, 50));
  await Promise.all([etcd.close(), etcd.close()]);
  assert.is((await call).error?.code, 14);
  await eventually(() => streams.every(({ received }) => received.at(-1)?.['code'] === 14));
  raw.close();
});

test('listens on a unix socket', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'etcdts-'));
  const socketPath = join(folder, 'etcd.sock');
  {
    await using both = await start({ socketPath });
    assert.is(both.etcd.endpoint, `unix:${socketPath}`);
    await both.client.kv.put('k', 'v');
  }
  await rm(folder, { recursive: true });
});

test('listens to others only where that is said, and says when a port is taken', async () => {
  await rejects(startEmbedded({ host: '0.0.0.0' }), /not loopback/);
  await using open = await startEmbedded({ host: '0.0.0.0', allowRemote: true });
  assert.match(open.endpoint, /^0\.0\.0\.0:\d+$/);
  const port = Number(open.endpoint.split(':')[1]);
  await rejects(startEmbedded({ host: '0.0.0.0', port, allowRemote: true }), /EADDRINUSE/);
});

test('starts in tens of milliseconds', async () => {
  const started = performance.now();
  for (let i = 0; i < 10; i++) await (await startEmbedded()).close();
  assert.ok(performance.now() - started < 1_000);
});

test.run();
