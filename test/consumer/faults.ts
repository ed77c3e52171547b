// What an application meets beside answers: TLS, lost connections, a member that stops, deadlines, aborts.
import { readFileSync } from 'node:fs';
import { createClient, isEtcdError, type EtcdClient } from '@etcdts/core';
import { retry } from '@etcdts/retry';
import {
  assert,
  createCertificates,
  eventually,
  NoOpenssl,
  startEtcd,
  startProxy,
  suite,
  type EtcdServer,
  type FaultProxy,
} from '@etcdts/testing';

const test = suite('an application under faults', { timeoutMs: 30_000 });
let etcd: EtcdServer;
let proxy: FaultProxy;
let client: EtcdClient;

test.before(async () => {
  etcd = await startEtcd();
  proxy = await startProxy(etcd.endpoint);
  client = createClient({ endpoints: proxy.endpoint, interceptors: [retry()] });
});

test.after(async () => {
  await client.close();
  await proxy.close();
  await etcd.close();
});

const failure = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => undefined,
    (error: unknown) => error,
  );

for (const mode of ['reset', 'close'] as const) {
  test(`resumes watches, repeats reads and keeps leases after its connection is lost (${mode})`, async () => {
    const seen: string[] = [];
    const watch = client.watch('colour');
    const reading = (async () => {
      for await (const { kv } of watch.events()) if (seen.push(kv.text()) === 3) break;
    })();
    await watch.created;
    const { id } = await client.lease.grant(5);
    const keepAlive = client.lease.keepAlive(id);
    await keepAlive.renewed;
    await client.kv.put('colour', '1');
    await eventually(() => seen.length === 1);
    proxy.cut(mode);
    const direct = createClient({ endpoints: etcd.endpoint });
    await direct.kv.put('colour', '2');
    await direct.kv.put('colour', '3');
    await direct.close();
    await reading;
    assert.equal(seen, ['1', '2', '3']);

    proxy.pause('toClient');
    const before = proxy.bytes.toServer;
    const read = client.kv.get('colour');
    const write = failure(client.kv.put('colour', '4'));
    await eventually(() => proxy.bytes.toServer > before + 20);
    proxy.cut(mode);
    await proxy.heal();
    assert.is((await read).count, 1);
    const error = await write;
    assert.ok(error === undefined || (isEtcdError(error) && error.outcome !== undefined));
    assert.is(keepAlive.signal.aborted, false);
    await keepAlive.cancel();
    await client.lease.revoke(id);
  });
}

test('fails at its deadline and at an abort, and works again once the network and the member do', async () => {
  await client.kv.put('colour', 'blue');
  proxy.pause('toClient');
  const late = await failure(client.kv.get('colour', { timeoutMs: 300 }));
  assert.ok(isEtcdError(late, 'DEADLINE_EXCEEDED'), String(late));
  const stop = new AbortController();
  const aborted = failure(client.kv.get('colour', { signal: stop.signal }));
  stop.abort(new Error('enough'));
  assert.is(((await aborted) as Error).message, 'enough');
  await proxy.heal();
  assert.is((await client.kv.get('colour')).kvs[0]?.text(), 'blue');
  await etcd.member.kill();
  const down = await failure(client.kv.put('colour', 'red', { timeoutMs: 300 }));
  assert.ok(isEtcdError(down), String(down));
  await etcd.member.restart();
  assert.is((await client.kv.get('colour')).kvs[0]?.text(), 'blue');
});

test('moves a mebibyte and a thousand calls at once', async () => {
  const large = Buffer.alloc(1024 * 1024, 'x');
  await client.kv.put('large', large);
  assert.ok((await client.kv.get('large')).kvs[0]?.value.equals(large));
  await Promise.all(Array.from({ length: 1000 }, (_, i) => client.kv.put(`many/${i}`, String(i))));
  assert.is((await client.kv.get('many/', { prefix: true })).count, 1000);
});

test('connects with TLS, with a certificate of its own, and to nobody that it does not trust', async ({ skip }) => {
  const made = await createCertificates().catch((error: unknown) => {
    if (error instanceof NoOpenssl) return skip('openssl is not installed');
    throw error;
  });
  const secure = await startEtcd({ tls: { ...made.server, ca: made.ca, clientCertAuth: true } });
  const { cert, key } = await made.client('root');
  const ca = readFileSync(made.ca);
  const tls = { ca, cert: readFileSync(cert), key: readFileSync(key) };
  const trusting = createClient({ endpoints: secure.endpoint, tls });
  await trusting.kv.put('colour', 'blue');
  await trusting.close();
  const stranger = createClient({ endpoints: secure.endpoint, tls: { ...tls, ca: readFileSync(made.rogue.ca) } });
  const untrusted = await failure(stranger.kv.put('colour', 'red'));
  await stranger.close();
  // Only in Node does the client learn why a handshake failed; after one of TLS 1.3, a server may still refuse.
  assert.ok(isEtcdError(untrusted) && untrusted.outcome === 'not-applied', String(untrusted));
  const nobody = createClient({ endpoints: secure.endpoint, tls: { ca } });
  const refused = await failure(nobody.kv.put('colour', 'red'));
  await nobody.close();
  assert.ok(isEtcdError(refused), String(refused));
  await secure.close();
  await made.close();
});

test.run();
