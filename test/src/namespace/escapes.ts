import { inspect } from 'node:util';
import { op } from '@etcdts/core';
import type { EtcdClient, WatchStream } from '@etcdts/core';
import { withNamespace } from '@etcdts/namespace';
import { assert, rejects } from '@etcdts/testing';
import type { Suite } from '@etcdts/testing';
import type { NamespaceContext } from './context.ts';

/** Adds the tests of the ways out of a namespace, which are all closed. */
export function namespaceEscapes(test: Suite, context: () => NamespaceContext): void {
  const raw = (): EtcdClient => context().raw;

  test('hand-made operations that change while they are read stay inside', async () => {
    const prefix = 'changing/';
    const inside = withNamespace(raw(), prefix);
    const outside = `${prefix.slice(0, -1)}0`;
    await raw().kv.put(outside, 'v');
    const { id } = await raw().lease.grant(60);
    const then = <T>(...answers: T[]): (() => T) => {
      let asked = 0;
      return () => answers[Math.min(asked++, answers.length - 1)] as T;
    };
    const end = then(undefined, Buffer.from([0]));
    const lease = then(undefined, id);
    const wide = {
      key: Buffer.from('a'),
      prevKv: true,
      get rangeEnd() {
        return end();
      },
    };
    const attaching = {
      key: Buffer.from('a'),
      value: Buffer.from('v'),
      get lease() {
        return lease();
      },
    };
    const ops = Object.assign([op.delete('a', { fromKey: true })], { map: () => [{ type: 'delete', request: wide }] });
    assert.is((await inside.kv.do({ type: 'delete', request: wide })).deleted, 0);
    await inside.kv.do({ type: 'put', request: attaching });
    assert.is((await inside.kv.get('a')).kvs[0]?.lease, 0n);
    await inside.kv.do({ type: 'txn', request: { compare: [], success: ops, failure: [] } });
    assert.is((await raw().kv.get(outside)).count, 1);
    await raw().lease.revoke(id);
  });

  test('keys, prefixes and options that lie or change have no effect', async () => {
    class Lying extends Uint8Array {
      override get length(): number {
        return 2;
      }
    }
    const prefix = 'lying/';
    const given = Buffer.from(prefix);
    const inside = withNamespace(raw(), given);
    given.fill('x');
    inside.prefix.fill('x');
    await inside.kv.put(new Lying([97, 98, 99]), 'v');
    assert.is((await raw().kv.get(`${prefix}abc`)).count, 1);
    assert.is(inside.prefix.toString(), prefix);
    const polluted = Object.prototype as { allowCompact?: boolean; leases?: string; anyPrefix?: boolean };
    try {
      polluted.allowCompact = true;
      polluted.leases = 'any';
      polluted.anyPrefix = true;
      await rejects(withNamespace(raw(), prefix).kv.compact(1n), { code: 'NAMESPACE_VIOLATION' });
      await rejects(withNamespace(raw(), prefix).lease.revoke(1n), { code: 'NAMESPACE_VIOLATION' });
      await rejects(async () => withNamespace(raw(), 'open'), { code: 'INVALID_ARGUMENT' });
    } finally {
      delete polluted.allowCompact;
      delete polluted.leases;
      delete polluted.anyPrefix;
    }
  });

  test('errors show neither the prefix nor a full key', async () => {
    const inside = withNamespace(raw(), 'sentinel-prefix/');
    const { id } = await inside.lease.grant(60);
    await inside.lease.revoke(id);
    const { header } = await raw().kv.put('k', 'v');
    await raw().kv.compact(header.revision);
    const put = op.put('k', 'v');
    const errors = [
      await rejects(inside.kv.put('', 'v')),
      await rejects(inside.kv.put('k', 'v', { ignoreValue: true })),
      await rejects(inside.kv.put('k', 'v', { lease: id })),
      await rejects(inside.kv.put('k', 'v', { lease: 77 })),
      await rejects(inside.kv.txn({ then: [put, put] })),
      await rejects(inside.kv.get('k', { revision: 1n << 60n })),
      await rejects(inside.kv.compact(1)),
      await rejects(inside.kv.get('k', { endpoint: '127.0.0.1:1', timeoutMs: 500 })),
      await rejects(first(inside.watch('k', { startRevision: 1n }))),
      await rejects(async () => withNamespace(raw(), 'sentinel-prefix')),
    ];
    for (const error of errors) {
      assert.not.match(`${error.stack} ${inspect(error, { depth: 10, showHidden: true })}`, /sentinel-prefix/);
    }
  });

  test('nothing that a namespace hands out leads to the client beneath', async () => {
    const inside = withNamespace(raw(), 'secret-place/');
    const { id } = await inside.lease.grant(60);
    const keepAlive = inside.lease.keepAlive(id);
    const stream = inside.watch('k', { startRevision: 1n });
    const handedOut = [inside, keepAlive, stream, await inside.kv.put('k', 'v'), await rejects(inside.kv.compact(1))];
    const reached = reachable(handedOut);
    const { kv, watcher, lease, cluster, maintenance } = raw();
    for (const beneath of [raw(), kv, watcher, lease, cluster, maintenance]) assert.not.ok(reached.has(beneath));
    // A raw watch shows its full range; one in a namespace must not.
    const texts = [...reached].filter((each) => Buffer.isBuffer(each)).map(String);
    assert.equal(
      texts.filter((text) => text.includes('secret-place')),
      ['secret-place/'],
      'the prefix property alone',
    );
    assert.not.ok('cluster' in inside || 'maintenance' in inside || 'intercept' in inside || 'close' in inside);
    await keepAlive.cancel();
    await stream.cancel();
    await inside.lease.revoke(id);
  });
}

/** Every object that can be reached by reading properties, of prototypes too, and calling getters. */
function reachable(roots: readonly unknown[]): Set<unknown> {
  const found = new Set<unknown>();
  const queue = [...roots];
  while (queue.length > 0) {
    const each = queue.pop();
    if (each === null || (typeof each !== 'object' && typeof each !== 'function') || found.has(each)) continue;
    found.add(each);
    if (Buffer.isBuffer(each)) continue;
    for (const key of Reflect.ownKeys(each)) {
      try {
        queue.push(Reflect.get(each, key));
      } catch {
        // This is a getter of a prototype, called without its object.
      }
    }
    queue.push(Object.getPrototypeOf(each));
  }
  return found;
}

async function first(stream: WatchStream): Promise<unknown> {
  for await (const response of stream) return response;
  return undefined;
}
