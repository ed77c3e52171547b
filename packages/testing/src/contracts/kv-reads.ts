import type { GetOptions, KeyValue, KV, SortTarget } from '@etcdts/core';
import { rejects } from '../eventually.ts';
import { assert } from '../suite.ts';
import type { Suite } from '../suite.ts';
import { freshPrefix } from './fresh-prefix.ts';
import { assertPlainData } from './plain-data.ts';

/** Adds the tests of every option of a get that is not a form of range. */
export function kvReads(test: Suite, kv: () => KV): void {
  /** Writes the names in order. The value of each is the name itself. */
  async function write(prefix: string, ...names: string[]): Promise<bigint[]> {
    const revisions: bigint[] = [];
    for (const name of names) revisions.push((await kv().put(prefix + name, name)).header.revision);
    return revisions;
  }

  /** Gets the keys below the prefix and returns their names. */
  async function names(prefix: string, options: GetOptions): Promise<string> {
    return namesOf((await kv().get(prefix, { prefix: true, ...options })).kvs);
  }

  test('a missing key is no error (KV-02)', async () => {
    const { kvs, count, more } = await kv().get(`${freshPrefix()}none`);
    assert.equal([kvs.length, count, more], [0, 0, false]);
  });

  test('limit cuts, more shows that, count counts all (KV-02, OPT-02)', async () => {
    const prefix = freshPrefix();
    await write(prefix, 'a', 'b', 'c');
    const cut = await kv().get(prefix, { prefix: true, limit: 2 });
    assert.equal([namesOf(cut.kvs), cut.more, cut.count], ['a b', true, 3]);
    const exact = await kv().get(prefix, { prefix: true, limit: 3 });
    assert.equal([exact.more, exact.count], [false, 3]);
    assert.is(await names(prefix, { limit: 0 }), 'a b c');
  });

  test('revision reads the past; one that is still to come is refused (OPT-03)', async () => {
    const key = `${freshPrefix()}k`;
    const [first] = await write(key, '');
    const { revision } = (await kv().put(key, 'new')).header;
    assert.is((await kv().get(key, { revision: first })).kvs[0]?.text(), '');
    assert.is((await kv().get(key, { revision: 0 })).kvs[0]?.text(), 'new');
    await rejects(kv().get(key, { revision: revision + 1_000_000n }), { code: 'FUTURE_REV' });
  });

  test('OPT-12 every sort target and order sorts before limit cuts (OPT-04)', async () => {
    const prefix = freshPrefix();
    await kv().put(`${prefix}b`, 'z');
    await kv().put(`${prefix}c`, 'y');
    await kv().put(`${prefix}a`, 'x');
    await kv().put(`${prefix}b`, 'w');
    const ascending: Record<SortTarget, string> = {
      key: 'a b c',
      version: 'a c b',
      createRevision: 'b c a',
      modRevision: 'c a b',
      value: 'b a c',
    };
    for (const [by, expected] of Object.entries(ascending) as [SortTarget, string][]) {
      const up = await names(prefix, { sort: { by, order: 'ascend' } });
      const down = await names(prefix, { sort: { by, order: 'descend' } });
      // a and c both have version 1, and etcd leaves them in the order of its sort.
      if (by === 'version') assert.equal([up.at(-1), down[0]], ['b', 'b']);
      else assert.equal([up, down], [expected, expected.split(' ').reverse().join(' ')], by);
    }
    assert.is(await names(prefix, { sort: { by: 'modRevision', order: 'descend' }, limit: 1 }), 'b');
  });

  test('a sort that is none is refused without asking etcd (KV-06)', async () => {
    const sort = { by: 'size' as SortTarget, order: 'ascend' } as const;
    await rejects(kv().get('k', { sort }), { code: 'INVALID_SORT_OPTION', attempts: 0 });
  });

  test('keysOnly leaves out the values and nothing else; countOnly the keys (OPT-09, OPT-10)', async () => {
    const prefix = freshPrefix();
    const [revision] = await write(prefix, 'a', 'b');
    const { kvs } = await kv().get(prefix, { prefix: true, keysOnly: true });
    assert.equal([namesOf(kvs), kvs[0]?.value.length, kvs[0]?.modRevision], ['a b', 0, revision]);
    const counted = await kv().get(prefix, { prefix: true, countOnly: true, keysOnly: true });
    assert.equal([counted.kvs.length, counted.count], [0, 2]);
  });

  test('the revision filters are inclusive, and do not change count (OPT-11)', async () => {
    const prefix = freshPrefix();
    const [a, b, c] = await write(prefix, 'a', 'b', 'c');
    const { revision } = (await kv().put(`${prefix}a`, 'again')).header;
    assert.is(await names(prefix, { minModRevision: c }), 'a c');
    assert.is(await names(prefix, { maxModRevision: c }), 'b c');
    assert.is(await names(prefix, { minModRevision: revision, maxModRevision: revision }), 'a');
    assert.is(await names(prefix, { minCreateRevision: b }), 'b c');
    assert.is(await names(prefix, { maxCreateRevision: a }), 'a');
    assert.is((await kv().get(prefix, { prefix: true, maxCreateRevision: a })).count, 3);
  });

  test('a serializable get answers too (OPT-08)', async () => {
    const prefix = freshPrefix();
    await write(prefix, 'a');
    assert.is(await names(prefix, { serializable: true }), 'a');
  });

  test('every response is plain data, and so is each key value in it', async () => {
    const key = `${freshPrefix()}k`;
    const value = Buffer.from([0xff, 0]);
    await kv().put(key, value);
    const got = await kv().get(key);
    const put = await kv().put(key, 'text', { prevKv: true });
    for await (const page of kv().pages(key, { prefix: true })) assertPlainData(page);
    const deleted = await kv().delete(key, { prevKv: true });
    for (const response of [got, put, deleted, await kv().compact(put.header.revision)]) assertPlainData(response);
    const { revision } = got.header;
    const data = {
      key: Buffer.from(key),
      value,
      createRevision: revision,
      modRevision: revision,
      version: 1,
      lease: 0n,
    };
    for (const found of [got.kvs[0], put.prevKv]) assert.equal({ ...found }, data);
    assert.equal(
      { ...deleted.prevKvs[0] },
      { ...data, value: Buffer.from('text'), modRevision: put.header.revision, version: 2 },
    );
  });

  test('compact gives up the past before a revision, and only that (KV-07)', async () => {
    const key = `${freshPrefix()}k`;
    const [first] = await write(key, '');
    const second = (await kv().put(key, '2')).header.revision;
    await kv().put(key, '3');
    await kv().compact(second, { physical: true });
    await rejects(kv().get(key, { revision: first }), { code: 'COMPACTED' });
    assert.is((await kv().get(key, { revision: second })).kvs[0]?.text(), '2');
    await rejects(kv().compact(second), { code: 'COMPACTED' });
    await rejects(kv().compact(second + 1_000_000n), { code: 'FUTURE_REV' });
  });

  test('a negative, an unsafe and a fractional number are refused by name', async () => {
    for (const [argument, value] of [
      ['limit', -1],
      ['limit', 1.5],
      ['revision', -1n],
      ['revision', 2 ** 53],
      ['minModRevision', Number.NaN],
    ] as const) {
      await rejects(kv().get('k', { [argument]: value }), { code: 'INVALID_ARGUMENT', argument });
    }
  });
}

/** Returns the keys of a test, each without the prefix that ends in the last slash. */
export function namesOf(kvs: readonly KeyValue[]): string {
  return kvs.map(({ key }) => key.subarray(key.lastIndexOf('/') + 1).toString()).join(' ');
}
