import { compare, createClient, keyMissing } from '@etcdts/core';
import { methods } from '@etcdts/core/plugin';
import type { EtcdClient, EtcdOperations, WatchStream } from '@etcdts/core';
import type { Interceptor } from '@etcdts/core/plugin';
import { withNamespace } from '@etcdts/namespace';
import type { NamespacedClient, NamespaceOptions } from '@etcdts/namespace';
import { assert, eventually, rejects, startProxy } from '@etcdts/testing';
import type { Suite } from '@etcdts/testing';
import type { NamespaceContext } from './context.ts';

/** Adds the tests of what a namespace shows of an etcd, and what it separates. */
export function namespaceRules(test: Suite, context: () => NamespaceContext): void {
  let prefixes = 0;
  const raw = (): EtcdClient => context().raw;

  /** A namespace for one test, and its full prefix for the raw client. */
  function fresh(options?: NamespaceOptions, client: EtcdClient = raw()): { prefix: string; inside: NamespacedClient } {
    const prefix = `test${++prefixes}/`;
    return { prefix, inside: withNamespace(client, prefix, options) };
  }

  /** Every key of the store that has `part` in it, with its value. */
  async function stored(part: string, client: EtcdOperations = raw()): Promise<string[]> {
    const { kvs } = await client.kv.get('', { prefix: true });
    return kvs.map(({ key, value }) => `${key}=${value}`).filter((each) => each.includes(part));
  }

  test('what is written inside lies behind the prefix, and the other way round', async () => {
    const { prefix, inside } = fresh();
    await inside.kv.put('a', '1');
    await raw().kv.put(`${prefix}b`, '2');
    assert.equal(await stored(prefix), [`${prefix}a=1`, `${prefix}b=2`]);
    assert.equal(await stored('', inside), ['a=1', 'b=2']);
    await inside.kv.delete('a');
    await raw().kv.delete(`${prefix}b`);
    assert.equal([await stored(prefix), await stored('', inside)], [[], []]);
  });

  test('deleting everything inside leaves everything outside, the bare prefix too', async () => {
    const { prefix, inside } = fresh();
    const stem = prefix.slice(0, -1);
    const outside = [prefix, stem, `${stem}.`, `${stem}0`, `${stem}.\xff`].sort();
    for (const key of outside) await raw().kv.put(key, '');
    await inside.kv.put('a', '');
    assert.is((await inside.kv.delete('', { prefix: true })).deleted, 1);
    assert.is((await inside.kv.delete('\0', { fromKey: true })).deleted, 0);
    for (const key of outside) assert.is((await raw().kv.get(key)).count, 1, key);
  });

  test('a compare over a range says nothing of what is outside', async () => {
    const { prefix, inside } = fresh();
    await raw().kv.put(`${prefix.slice(0, -1)}0`, 'secret');
    for (const range of [{ prefix: true }, { rangeEnd: '\0' }]) {
      const key = 'prefix' in range ? '' : '\0';
      assert.ok((await inside.kv.txn({ if: [compare.version(key, '=', 0, range)] })).succeeded);
    }
  });

  test('two namespaces do not see each other; one within sees what its outer one has there', async () => {
    const { prefix, inside } = fresh();
    const other = fresh().inside;
    const inner = withNamespace(inside, 'in/');
    await inner.kv.put('k', 'v');
    assert.equal(await stored('', inside), ['in/k=v']);
    assert.equal(await stored(prefix), [`${prefix}in/k=v`]);
    assert.equal(await stored('', other), []);
    assert.ok((await other.kv.txn({ if: [keyMissing('in/k')] })).succeeded);
  });

  test('a watch sees the writes of others behind the prefix, cut, and no neighbours', async () => {
    const { prefix, inside } = fresh();
    const stream = inside.watch('', { prefix: true, prevKv: true });
    await stream.created;
    await raw().kv.put(prefix, 'bare');
    await raw().kv.put(`${prefix.slice(0, -1)}0`, 'of a neighbour');
    await raw().kv.put(`${prefix}a`, '1');
    await raw().kv.put(`${prefix}a`, '2');
    await raw().kv.delete(`${prefix}a`);
    assert.equal(await take(stream, 3), ['put a=1', 'put a=2 was a=1', 'delete a= was a=2']);
  });

  test('a watch goes on behind its prefix after the connection is lost', async () => {
    const { prefix } = fresh();
    await using proxy = await startProxy(context().endpoint);
    await using client = createClient({ endpoints: proxy.endpoint });
    const inside = withNamespace(withNamespace(client, prefix), 'in/');
    const stream = inside.watch('a', { prefix: true });
    await stream.created;
    const seen = take(stream, 2);
    await raw().kv.put(`${prefix}in/a`, '1');
    proxy.cut();
    await raw().kv.put(`${prefix}in/ab`, '2');
    await raw().kv.put(`${prefix}in/in/a`, 'twice');
    assert.equal(await seen, ['put a=1', 'put ab=2']);
  });

  test('fifty namespaces share one watch stream', async () => {
    let opened = 0;
    const countStreams: Interceptor = {
      name: 'count-streams',
      stream: (next, method) => (call) => {
        if (method.path === methods.watch.path) opened++;
        return next(call);
      },
    };
    const counted = raw().intercept(countStreams);
    const all = Array.from({ length: 50 }, () => fresh({}, counted));
    const streams = all.map(({ inside }) => inside.watch('k'));
    await Promise.all(streams.map(({ created }) => created));
    assert.is(opened, 1);
    for (const [i, { prefix }] of all.entries()) await raw().kv.put(`${prefix}k`, String(i));
    const seen = await Promise.all(streams.map((stream) => take(stream, 1)));
    assert.equal(
      seen.flat(),
      all.map((_, i) => `put k=${i}`),
    );
  });

  test('disposing of a namespace ends its watches and keepalives, and nothing else', async () => {
    const { inside } = fresh();
    const { id } = await inside.lease.grant(60);
    const stream = inside.watch('k');
    await stream.created;
    const keepAlive = inside.lease.keepAlive(id);
    await keepAlive[Symbol.asyncIterator]().next();
    await inside[Symbol.asyncDispose]();
    for await (const _ of stream) assert.unreachable();
    assert.ok((await raw().lease.timeToLive(id)).ttl > 0);
    await raw().lease.revoke(id);
  });

  test("a foreign lease is out of reach: what is another's stays (vector 10)", async () => {
    const { prefix, inside } = fresh();
    const { id } = await raw().lease.grant(60);
    await raw().kv.put(`outside-${prefix}`, 'v', { lease: id });
    const refused = { code: 'NAMESPACE_VIOLATION', outcome: 'not-applied' };
    await rejects(inside.lease.revoke(id), refused);
    await rejects(inside.lease.keepAliveOnce(id), refused);
    await rejects(inside.lease.timeToLive(id, { keys: true }), refused);
    await rejects(inside.kv.put('k', 'v', { lease: id }), refused);
    assert.is(inside.lease.keepAlive(id).signal.reason.code, 'NAMESPACE_VIOLATION');
    await rejects(inside.lease.grant(60, { id }), { code: 'LEASE_EXIST' });
    await rejects(inside.lease.revoke(id), refused);
    assert.not.ok((await inside.lease.leases()).leases.includes(id));
    assert.is((await raw().kv.get(`outside-${prefix}`)).count, 1);
    await raw().lease.revoke(id);
  });

  test('a lease from before a restart is adopted; the keys of others stay out of sight', async () => {
    const { prefix, inside } = fresh();
    const { id } = await inside.lease.grant(60);
    await inside.kv.put('k', 'v', { lease: id });
    await raw().kv.put(`outside-${prefix}`, 'v', { lease: id });
    const restarted = withNamespace(raw(), prefix, { adoptLeases: [id] });
    assert.equal(
      (await restarted.lease.timeToLive(id, { keys: true })).keys.map((key) => key.toString()),
      ['k'],
    );
    await restarted.lease.revoke(id);
    assert.equal(await stored(prefix), []);
    const unlimited = withNamespace(raw(), prefix, { leases: 'any' });
    const { id: foreign } = await raw().lease.grant(60);
    await unlimited.kv.put('k', 'v', { lease: foreign });
    await unlimited.lease.revoke(foreign);
    assert.equal(await stored(prefix), []);
  });

  test('a lease is kept alive and lost as outside', async () => {
    const { inside } = fresh();
    const { id, ttl } = await inside.lease.grant(1);
    const keepAlive = inside.lease.keepAlive(id);
    for await (const renewal of keepAlive) {
      assert.equal([renewal.id, renewal.ttl], [id, ttl]);
      break;
    }
    const again = inside.lease.keepAlive(id);
    await again[Symbol.asyncIterator]().next();
    await raw().lease.revoke(id);
    await eventually(() => again.signal.aborted, { describe: 'the loss shows' });
    await rejects(inside.lease.keepAliveOnce(id), { code: 'LEASE_NOT_FOUND' });
  });

  test('compact is refused, or allowed by an option', async () => {
    const { header } = await raw().kv.put('namespace/compacted', 'v');
    await rejects(fresh().inside.kv.compact(header.revision), { code: 'NAMESPACE_VIOLATION', outcome: 'not-applied' });
    await fresh({ allowCompact: true }).inside.kv.compact(header.revision);
    await rejects(raw().kv.get('namespace/compacted', { revision: header.revision - 1n }), { code: 'COMPACTED' });
  });
}

async function take(stream: WatchStream, count: number): Promise<string[]> {
  const seen: string[] = [];
  for await (const { type, kv, prevKv } of stream.events()) {
    seen.push(`${type} ${kv.key}=${kv.value}${prevKv ? ` was ${prevKv.key}=${prevKv.value}` : ''}`);
    if (seen.length === count) break;
  }
  return seen;
}
