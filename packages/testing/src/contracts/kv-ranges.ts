import type { KV } from '@etcdts/core';
import { rejects } from '../eventually.ts';
import { assert } from '../suite.ts';
import type { Suite } from '../suite.ts';
import { freshPrefix } from './fresh-prefix.ts';
import { namesOf } from './kv-reads.ts';

/** Adds the tests of every form of range, and of the pages of a large one. */
export function kvRanges(test: Suite, kv: () => KV): void {
  async function write(prefix: string, ...names: string[]): Promise<void> {
    for (const name of names) await kv().put(prefix + name, name);
  }

  test('prefix takes every key that begins so, and no neighbour (OPT-05)', async () => {
    const prefix = freshPrefix();
    await write(prefix, 'a', 'b', 'b!', 'bb', 'c');
    assert.is(namesOf((await kv().get(`${prefix}b`, { prefix: true })).kvs), 'b b! bb');
    assert.is((await kv().delete(`${prefix}b`, { prefix: true })).deleted, 3);
    assert.is(namesOf((await kv().get(prefix, { prefix: true })).kvs), 'a c');
  });

  test('a prefix that ends in 0xff ends where it should (OP-09)', async () => {
    const prefix = Buffer.from(freshPrefix());
    const at = (...bytes: number[]): Buffer => Buffer.concat([prefix, Buffer.from(bytes)]);
    for (const key of [
      at(0x61, 0xfe),
      at(0x61, 0xff),
      at(0x61, 0xff, 0x00),
      at(0x61, 0xff, 0xff),
      at(0x62),
      at(0x62, 0),
    ]) {
      await kv().put(key, '');
    }
    const { kvs } = await kv().get(at(0x61, 0xff), { prefix: true });
    assert.equal(
      kvs.map(({ key }) => key.subarray(prefix.length).toString('hex')),
      ['61ff', '61ff00', '61ffff'],
    );
  });

  test('rangeEnd takes from the key up to the end, which is left out (OPT-06)', async () => {
    const prefix = freshPrefix();
    await write(prefix, 'a', 'b', 'b0', 'c');
    assert.is(namesOf((await kv().get(`${prefix}a`, { rangeEnd: `${prefix}b0` })).kvs), 'a b');
    assert.is((await kv().delete(`${prefix}b`, { rangeEnd: `${prefix}c` })).deleted, 2);
    assert.is(namesOf((await kv().get(prefix, { prefix: true })).kvs), 'a c');
  });

  test('fromKey takes every key from the given one on (OPT-07)', async () => {
    const prefix = freshPrefix();
    await write(prefix, 'a', 'b', 'c');
    assert.is(namesOf((await kv().get(`${prefix}b`, { fromKey: true, limit: 2 })).kvs), 'b c');
    const open = await kv().get(`${prefix}b`, { rangeEnd: '\0', limit: 2 });
    assert.is(namesOf(open.kvs), 'b c');
  });

  test('an empty key with prefix or fromKey means every key (OPT-05, OPT-07)', async () => {
    const prefix = freshPrefix();
    await write(prefix, 'a');
    const { count } = await kv().get('', { prefix: true, countOnly: true });
    assert.ok(count > 0);
    assert.is((await kv().get('', { fromKey: true, countOnly: true })).count, count);
    const { kvs } = await kv().get('', { prefix: true, keysOnly: true });
    assert.ok(kvs.some(({ key }) => key.toString() === `${prefix}a`));
    assert.ok(kvs.every(({ key }) => key.length > 0));
  });

  test('two forms of range, a reversed one and an empty end are refused by name (OP-02)', async () => {
    const prefix: { prefix: boolean } = { prefix: true };
    await rejects(kv().get('k', { ...prefix, fromKey: true }), { code: 'INVALID_ARGUMENT', argument: 'fromKey' });
    await rejects(kv().delete('k', { ...prefix, rangeEnd: 'l' }), { argument: 'rangeEnd' });
    await rejects(kv().get('b', { rangeEnd: 'a' }), { code: 'INVALID_ARGUMENT', argument: 'rangeEnd' });
    await rejects(kv().get('b', { rangeEnd: 'b' }), { code: 'INVALID_ARGUMENT', argument: 'rangeEnd' });
    await rejects(kv().delete('b', { rangeEnd: '' }), { code: 'EMPTY_KEY', argument: 'rangeEnd' });
  });

  test('pages walk a range at one revision, whatever is written meanwhile (KV-08, KV-09)', async () => {
    const prefix = freshPrefix();
    const names = Array.from({ length: 25 }, (_, i) => String(i).padStart(2, '0'));
    await write(prefix, ...names);
    const seen: string[] = [];
    const sizes: number[] = [];
    for await (const page of kv().pages(prefix, { prefix: true, pageSize: 10 })) {
      seen.push(namesOf(page.kvs));
      sizes.push(page.kvs.length);
      assert.equal([page.count, page.more], [25, seen.length < 3]);
      await kv().delete(`${prefix}24`);
      await kv().put(`${prefix}99`, 'later');
    }
    assert.equal([seen.join(' '), sizes], [names.join(' '), [10, 10, 5]]);
  });

  test('pages of nothing are one empty page, and leaving them early is allowed', async () => {
    const prefix = freshPrefix();
    const pages: number[] = [];
    for await (const { kvs } of kv().pages(prefix, { prefix: true })) pages.push(kvs.length);
    assert.equal(pages, [0]);
    await write(prefix, 'a', 'b', 'c');
    for await (const { kvs } of kv().pages(prefix, { prefix: true, pageSize: 1 })) {
      assert.is(namesOf(kvs), 'a');
      break;
    }
  });

  test('pages at an old revision and without values', async () => {
    const prefix = freshPrefix();
    const { revision } = (await kv().put(`${prefix}a`, 'old')).header;
    await write(prefix, 'a', 'b');
    for await (const { kvs } of kv().pages(prefix, { prefix: true, revision })) {
      assert.equal([namesOf(kvs), kvs[0]?.text()], ['a', 'old']);
    }
    for await (const { kvs } of kv().pages(prefix, { prefix: true, keysOnly: true })) {
      assert.equal([namesOf(kvs), kvs[0]?.text()], ['a b', '']);
    }
  });
}
