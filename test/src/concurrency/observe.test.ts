// limit: 120 s
import { createClient, op, type EtcdClient } from '@etcdts/core';
import { leader, observeElection, type Leader } from '@etcdts/concurrency';
import { withNamespace } from '@etcdts/namespace';
import { assert, eventually, rejects, startEtcd, startProxy, suite, type EtcdServer } from '@etcdts/testing';

const test = suite('observers of elections on etcd', { timeoutMs: 40_000 });

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

/** A leader as `key=value`, or `vacant`. */
function shown(value: Leader | undefined): string {
  return value === undefined ? 'vacant' : `${value.kv.key.toString()}=${value.kv.text()}`;
}

/** Reads on in the background. */
function collect(observed: AsyncIterable<Leader | undefined>): {
  readonly seen: Leader[];
  readonly end: Promise<unknown>;
} {
  const seen: Leader[] = [];
  const read = async (): Promise<void> => {
    for await (const one of observed) if (one !== undefined) seen.push(one);
  };
  return { seen, end: read().catch((error: unknown) => error) };
}

test('EL-01 EL-08 an election is not disturbed by names that begin alike, and is seen through a namespace', async () => {
  await client.kv.put('tenant/testa/1', 'another');
  await client.kv.put('tenant/test', 'no candidate');
  const tenant = withNamespace(client, 'tenant/');
  assert.is(await leader(tenant, 'test'), undefined);
  const reader = observeElection(tenant, 'test', { vacancies: true })[Symbol.asyncIterator]();
  assert.is(shown((await reader.next()).value), 'vacant');
  await client.kv.put('tenant/test/1', 'mine');
  assert.is(shown((await reader.next()).value), 'test/1=mine');
  assert.is(shown(await leader(tenant, 'test')), 'test/1=mine');
  await client.kv.delete('tenant/test/1');
  assert.is(shown((await reader.next()).value), 'vacant');
  await reader.return?.();
});

test('EL-09 EL-10 EL-12 under cuts and compactions each leader that is seen led, in order, and the last one is seen', async () => {
  await using proxy = await startProxy(etcd.endpoint);
  await using far = createClient({ endpoints: proxy.endpoint });
  const ending = new AbortController();
  const { seen, end } = collect(observeElection(far, 'storm', { signal: ending.signal }));
  const candidates = new Map<string, bigint>();
  /** What led at each revision, as `mod revision: key=value`. */
  const led = new Map<bigint, string>();
  const values = new Map<string, { value: string; at: bigint }>();
  let behind = (): boolean => true;
  for (let i = 0; i < 1_500; i++) {
    const key = `storm/${Math.floor(Math.random() * 6)}`;
    const gone = values.has(key) && Math.random() < 0.4;
    const { header } = await client.kv.txn({ then: [gone ? op.delete(key) : op.put(key, String(i))] });
    const at = header.revision;
    if (gone) {
      candidates.delete(key);
      values.delete(key);
    } else {
      if (!candidates.has(key)) candidates.set(key, at);
      values.set(key, { value: String(i), at });
    }
    const [first] = [...candidates].toSorted((a, b) => Number(a[1] - b[1]))[0] ?? [];
    const leading = first === undefined ? undefined : values.get(first);
    if (leading !== undefined) led.set(leading.at, `${first}=${leading.value}`);
    if (i % 500 === 250) {
      const before = seen.length;
      proxy.cut();
      behind = () => seen.length > before;
    }
    // The observer is back before the next cut.
    if (i % 500 === 450) await eventually(behind);
    if (i % 40 === 0) await client.kv.compact(at);
  }
  await client.kv.delete('storm/', { prefix: true });
  const { header } = await client.kv.put('storm/last', 'x');
  await eventually(() => seen.at(-1)?.kv.modRevision === header.revision);
  ending.abort('enough');
  assert.is(await end, 'enough');
  for (const one of seen.slice(0, -1)) assert.is(led.get(one.kv.modRevision), shown(one));
  for (const [i, one] of seen.slice(1).entries()) {
    const before = seen[i] as Leader;
    assert.ok(one.kv.createRevision >= before.kv.createRevision, 'an older leader came after a newer one');
    assert.ok(one.revision > before.revision, 'a leader came twice');
  }
});

test('EL-08 without faults every leader and every proclamation is seen', async () => {
  const ending = new AbortController();
  await client.kv.put('whole/a', '0');
  const { seen, end } = collect(observeElection(client, 'whole', { signal: ending.signal }));
  await eventually(() => seen.length === 1);
  for (let i = 1; i <= 50; i++) await client.kv.put('whole/a', String(i));
  await client.kv.put('whole/b', 'next');
  await client.kv.delete('whole/a');
  await eventually(() => seen.length === 52);
  assert.equal(seen.map(shown), [...Array.from({ length: 51 }, (_, i) => `whole/a=${i}`), 'whole/b=next']);
  ending.abort('enough');
  assert.is(await end, 'enough');
});

test('EL-10 it ends when the client is closed, and a client that is closed before has no leaders', async () => {
  const own = createClient({ endpoints: etcd.endpoint });
  await client.kv.put('closing/a', '1');
  const { seen, end } = collect(observeElection(own, 'closing'));
  await eventually(() => seen.length === 1);
  await own.close();
  assert.is(await end, undefined);
  assert.is(await collect(observeElection(own, 'closing')).end, undefined);
  await rejects(leader(own, 'closing'), { code: 'CLIENT_CLOSED' });
});

test('it is read once, and bad arguments are refused by name', async () => {
  const observed = observeElection(client, 'once');
  await observed[Symbol.asyncIterator]().return?.();
  assert.throws(() => observed[Symbol.asyncIterator](), /^FAILED_PRECONDITION: .* read once/);
  assert.throws(() => observeElection(client, ''), /^EMPTY_KEY: name must not be empty/);
  assert.throws(() => observeElection(client, 7 as never), /^INVALID_ARGUMENT: name must be a string/);
  assert.throws(() => observeElection({} as never, 'e'), /^INVALID_ARGUMENT: client is no client/);
  assert.throws(() => observeElection(client, 'e', { vacancies: 1 } as never), /^INVALID_ARGUMENT: vacancies must/);
  assert.throws(() => observeElection(client, 'e', { vacancy: true } as never), /unknown option vacancy; .* vacancies/);
  assert.throws(() => observeElection(client, 'e', null as never), /^INVALID_ARGUMENT: options must be/);
  await rejects(leader(client, ''), { code: 'EMPTY_KEY', argument: 'name' });
});

test('EL-09 an observer that begins while etcd is down sees the leader when etcd is back', async () => {
  await using own = await startEtcd();
  await using other = createClient({ endpoints: own.endpoint });
  await other.kv.put('down/a', '1');
  await own.member.kill();
  const ending = new AbortController();
  const { seen, end } = collect(observeElection(other, 'down', { signal: ending.signal }));
  await rejects(observeElection(other, 'down', { timeoutMs: 300 })[Symbol.asyncIterator]().next(), {
    // A busy machine may not even refuse the connection in that time.
    code: /^(UNAVAILABLE|DEADLINE_EXCEEDED)$/,
  });
  assert.is(seen.length, 0);
  await eventually(() => own.member.restart().then(() => true));
  await eventually(() => seen.length === 1);
  ending.abort('enough');
  assert.is(await end, 'enough');
});

test.run();
