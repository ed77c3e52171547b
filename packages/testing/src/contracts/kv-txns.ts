import { compare, keyExists, keyMissing, op } from '@etcdts/core';
import type { Compare, KV } from '@etcdts/core';
import { rejects } from '../eventually.ts';
import { assert } from '../suite.ts';
import type { Suite } from '../suite.ts';
import { freshPrefix } from './fresh-prefix.ts';
import { namesOf } from './kv-reads.ts';
import { assertPlainData } from './plain-data.ts';

/** Adds the tests of transactions: their conditions, their operations, their responses. */
export function kvTxns(test: Suite, kv: () => KV): void {
  /** Returns which of the conditions hold, in their order. */
  async function holding(...conditions: Compare[]): Promise<boolean[]> {
    const held: boolean[] = [];
    for (const condition of conditions) held.push((await kv().txn({ if: [condition] })).succeeded);
    return held;
  }

  test('a transaction without conditions succeeds, an empty one too (KV-04)', async () => {
    const { succeeded, responses } = await kv().txn({});
    assert.equal([succeeded, responses.length], [true, 0]);
  });

  test('each operation answers in its place, as it would alone (KV-04, KV-13)', async () => {
    const prefix = freshPrefix();
    await kv().put(`${prefix}a`, '1');
    await kv().put(`${prefix}b`, '2');
    const result = await kv().txn({
      if: [keyExists(`${prefix}a`)],
      then: [
        op.get(prefix, { prefix: true }),
        op.put(`${prefix}a`, '3', { prevKv: true }),
        op.delete(`${prefix}b`, { prevKv: true }),
        op.get(prefix, { prefix: true }),
      ],
    });
    assert.ok(result.succeeded);
    const [before, put, deleted, after] = result.responses;
    assert.is(namesOf(before.kvs), 'a b');
    assert.equal([put.prevKv?.key.toString(), put.prevKv?.text()], [`${prefix}a`, '1']);
    assert.equal([deleted.deleted, namesOf(deleted.prevKvs), deleted.prevKvs[0]?.text()], [1, 'b', '2']);
    assert.equal([namesOf(after.kvs), after.kvs[0]?.text(), after.count], ['a', '3', 1]);
  });

  test('what it answers is plain data at every depth', async () => {
    const prefix = freshPrefix();
    const [a, b] = [`${prefix}a`, `${prefix}b`];
    const { revision } = (await kv().put(a, '1')).header;
    await kv().put(b, '2');
    const inner = op.txn({ then: [op.get(a), op.put(a, '', { prevKv: true }), op.delete(b, { prevKv: true })] });
    const response = await kv().txn({ then: [inner, op.get(a)] });
    assertPlainData(response);
    assert.ok(response.succeeded && response.responses[0].succeeded);
    const [got, put, deleted] = response.responses[0].responses;
    const numbers = { createRevision: revision, modRevision: revision, version: 1, lease: 0n };
    const before = { key: Buffer.from(a), value: Buffer.from('1'), ...numbers };
    assert.equal([{ ...got.kvs[0] }, { ...put.prevKv }], [before, before]);
    assert.equal({ ...deleted.prevKvs[0] }.value, Buffer.from('2'));
  });

  test('its writes share one revision, which the header has (LIM-04)', async () => {
    const prefix = freshPrefix();
    const { header } = await kv().txn({ then: [op.put(`${prefix}a`, ''), op.put(`${prefix}b`, '')] });
    const { kvs } = await kv().get(prefix, { prefix: true });
    assert.equal(
      kvs.map(({ modRevision }) => modRevision),
      [header.revision, header.revision],
    );
  });

  test('else runs where one condition of many does not hold', async () => {
    const prefix = freshPrefix();
    const result = await kv().txn({
      if: [keyMissing(`${prefix}a`), keyExists(`${prefix}a`)],
      then: [op.put(`${prefix}then`, '')],
      else: [op.put(`${prefix}else`, '')],
    });
    assert.not.ok(result.succeeded);
    assert.is(namesOf((await kv().get(prefix, { prefix: true })).kvs), 'else');
  });

  test('transactions nest, and answer nested (OP-06)', async () => {
    const prefix = freshPrefix();
    const inner = op.txn({
      if: [keyMissing(`${prefix}a`)],
      then: [op.put(`${prefix}a`, 'in'), op.txn({ then: [op.get(prefix, { prefix: true })] })],
      else: [op.delete(`${prefix}a`)],
    });
    const first = await kv().txn({ then: [inner] });
    const nested = first.responses[0];
    assert.ok(first.succeeded && nested?.succeeded);
    const deepest = nested.responses[1];
    assert.ok(deepest.succeeded);
    assert.is(namesOf(deepest.responses[0].kvs), 'a');
    const second = await kv().txn({ then: [inner] });
    assert.not.ok(second.responses[0]?.succeeded);
    assert.is((await kv().get(prefix, { prefix: true })).count, 0);
  });

  test('operations and conditions can be used again (CMP-05)', async () => {
    const prefix = freshPrefix();
    const conditions = [keyMissing(`${prefix}a`)];
    const operations = [op.put(`${prefix}a`, 'v'), op.txn({ then: [op.put(`${prefix}b`, 'v')] })];
    assert.ok((await kv().txn({ if: conditions, then: operations })).succeeded);
    assert.not.ok((await kv().txn({ if: conditions, then: operations })).succeeded);
    await kv().txn({ then: operations });
    const { kvs } = await kv().get(prefix, { prefix: true });
    assert.equal([namesOf(kvs), kvs[0]?.version], ['a b', 2]);
  });

  test('do runs any operation and answers by its type (KV-06)', async () => {
    const prefix = freshPrefix();
    await kv().do(op.put(`${prefix}a`, 'v'));
    assert.is(namesOf((await kv().do(op.get(prefix, { prefix: true }))).kvs), 'a');
    const result = await kv().do(op.txn({ then: [op.get(`${prefix}a`)] }));
    assert.is(result.succeeded && result.responses[0].kvs[0]?.text(), 'v');
    assert.is((await kv().do(op.delete(`${prefix}a`))).deleted, 1);
    await rejects(kv().do({ type: 'compact' } as never), { code: 'INVALID_ARGUMENT', argument: 'operation' });
  });

  test('every target compares, in every way (CMP-01, CMP-02)', async () => {
    const key = `${freshPrefix()}k`;
    const created = (await kv().put(key, 'm')).header.revision;
    const modified = (await kv().put(key, 'm')).header.revision;
    const integers = [
      [compare.version, 2n],
      [compare.createRevision, created],
      [compare.modRevision, modified],
      [compare.lease, 0n],
    ] as const;
    for (const [target, is] of integers) {
      const expected = [true, false, true, false, true];
      const held = await holding(
        target(key, '=', is),
        target(key, '!=', is),
        target(key, '<', is + 1n),
        target(key, '>', is),
        target(key, '!=', is + 1n),
      );
      assert.equal(held, expected, `${integers.findIndex(([each]) => each === target)}`);
    }
    const value = compare.value;
    const held = await holding(value(key, '=', 'm'), value(key, '!=', 'm'), value(key, '<', 'n'), value(key, '>', 'l'));
    assert.equal(held, [true, false, true, true]);
  });

  test('a missing key compares as 0; its value compares as nothing at all (CMP-04, UT-01)', async () => {
    const key = `${freshPrefix()}none`;
    const zeros = [compare.version, compare.createRevision, compare.modRevision, compare.lease];
    assert.equal(await holding(...zeros.map((target) => target(key, '=', 0))), [true, true, true, true]);
    const { value } = compare;
    assert.equal(await holding(value(key, '=', ''), value(key, '!=', 'x')), [false, false]);
    assert.equal(await holding(keyMissing(key), keyExists(key)), [true, false]);
  });

  test('a compare of a range holds if it holds for every key in it (CMP-03)', async () => {
    const prefix = freshPrefix();
    for (const name of ['a', 'b', 'b', 'c']) await kv().put(prefix + name, 'v');
    const once = (key: string, range: { prefix?: boolean; rangeEnd?: string }): Compare =>
      compare.version(prefix + key, '=', 1, range);
    const held = await holding(
      once('', { prefix: true }),
      once('a', { rangeEnd: `${prefix}b` }),
      once('a', { rangeEnd: `${prefix}b\0` }),
      once('c', { rangeEnd: `${prefix}d` }),
      compare.value(prefix, '=', 'v', { prefix: true }),
    );
    assert.equal(held, [false, true, false, true, true]);
  });

  test('a compare of every key sees those of the client, and only those', async () => {
    await kv().put(`${freshPrefix()}a`, 'v');
    const held = await holding(
      compare.version('', '>', 0, { prefix: true }),
      compare.version('', '=', 0, { prefix: true }),
    );
    assert.equal(held, [true, false]);
  });

  test('an unknown way to compare and an empty key are refused by name (CMP-02)', async () => {
    await rejects(async () => compare.version('k', '==' as '=', 1), { argument: 'result' });
    await rejects(async () => keyExists(''), { code: 'EMPTY_KEY' });
    await rejects(async () => op.get(''), { code: 'EMPTY_KEY' });
  });
}
