import { op } from '@etcdts/core';
import type { EtcdOperations, WatchOptions } from '@etcdts/core';
import { rejects } from '../eventually.ts';
import { assert, type Suite } from '../suite.ts';
import { freshPrefix } from './fresh-prefix.ts';
import { assertPlainData } from './plain-data.ts';
import { shown, take, takeResponses } from './watch-reading.ts';

/** Adds the tests of what is delivered: which keys, which events, and their fields. */
export function watchEvents(test: Suite, client: () => EtcdOperations): void {
  /** Watches, writes the same few keys, and returns the events. */
  async function seen(
    key: (prefix: string) => string,
    options: (prefix: string) => WatchOptions,
    count: number,
  ): Promise<string> {
    const prefix = freshPrefix();
    const { kv } = client();
    await using watch = client().watch(key(prefix), options(prefix));
    await watch.created;
    for (const name of ['a', 'b', 'ba', 'c', 'd']) await kv.put(prefix + name, '1');
    await kv.delete(`${prefix}b`);
    await kv.put(`${prefix}z`, 'last');
    return shown(await take(watch, count));
  }

  test('a watch of one key sees that key alone', async () => {
    assert.is(
      await seen(
        (prefix) => `${prefix}b`,
        () => ({}),
        2,
      ),
      'b=1 -b',
    );
  });

  test('a prefix is watched whole', async () => {
    assert.is(
      await seen(
        (prefix) => prefix,
        () => ({ prefix: true }),
        7,
      ),
      'a=1 b=1 ba=1 c=1 d=1 -b z=last',
    );
    assert.is(
      await seen(
        (prefix) => `${prefix}b`,
        () => ({ prefix: true }),
        3,
      ),
      'b=1 ba=1 -b',
    );
  });

  test('a range is watched up to its end, which is left out', async () => {
    assert.is(
      await seen(
        (prefix) => `${prefix}b`,
        (prefix) => ({ rangeEnd: `${prefix}d` }),
        4,
      ),
      'b=1 ba=1 c=1 -b',
    );
  });

  test('fromKey watches everything from a key on (W-10)', async () => {
    assert.is(
      await seen(
        (prefix) => `${prefix}c`,
        () => ({ fromKey: true }),
        3,
      ),
      'c=1 d=1 z=last',
    );
  });

  test('an empty prefix watches every key (W-10)', async () => {
    assert.is(
      await seen(
        () => '',
        () => ({ prefix: true }),
        7,
      ),
      'a=1 b=1 ba=1 c=1 d=1 -b z=last',
    );
  });

  test('OPT-18 filters leave out puts, deletes, or nothing', async () => {
    const all = (prefix: string): string => prefix;
    assert.is(await seen(all, () => ({ prefix: true, filters: ['put'] }), 1), '-b');
    assert.is(await seen(all, () => ({ prefix: true, filters: ['delete'] }), 6), 'a=1 b=1 ba=1 c=1 d=1 z=last');
    assert.is(await seen(all, () => ({ prefix: true, filters: [] }), 7), 'a=1 b=1 ba=1 c=1 d=1 -b z=last');
  });

  test('an event shows whether it created or changed; a delete holds only key and revision (W-15)', async () => {
    const key = `${freshPrefix()}k`;
    const { kv, lease } = client();
    const { id } = await lease.grant(60);
    await using watch = client().watch(key);
    await watch.created;
    const first = await kv.put(key, 'one', { lease: id });
    await kv.put(key, 'two');
    const gone = await kv.delete(key);
    const events = await take(watch, 3);
    assert.equal(
      events.map(({ type, isCreate, isModify, kv: { version } }) => [type, isCreate, isModify, version]),
      [
        ['put', true, false, 1],
        ['put', false, true, 2],
        ['delete', false, false, 0],
      ],
    );
    const [created, , deleted] = events.map((event) => event.kv);
    assert.equal([created?.key.toString(), created?.lease, created?.modRevision], [key, id, first.header.revision]);
    assert.equal(
      [deleted?.key.toString(), deleted?.value.length, deleted?.modRevision],
      [key, 0, gone.header.revision],
    );
    await lease.revoke(id);
  });

  test('prevKv gives the key as it was before, and only where it was requested', async () => {
    const key = `${freshPrefix()}k`;
    const { kv } = client();
    await using watch = client().watch(key, { prevKv: true });
    await using plain = client().watch(key);
    await Promise.all([watch.created, plain.created]);
    await kv.put(key, 'one');
    await kv.put(key, 'two');
    await kv.delete(key);
    const events = await take(watch, 3);
    assert.equal(
      events.map(({ prevKv }) => prevKv?.text()),
      [undefined, 'one', 'two'],
    );
    assert.is(events[2]?.prevKv?.key.toString(), key);
    assert.ok((await take(plain, 3)).every(({ prevKv }) => prevKv === undefined));
  });

  test('responses and events are plain data', async () => {
    const key = `${freshPrefix()}k`;
    const { kv } = client();
    await using watch = client().watch(key, { prevKv: true, createdNotify: true });
    assertPlainData(await watch.created);
    const { revision } = (await kv.put(key, Buffer.from([0xff]))).header;
    await kv.delete(key);
    const responses = await takeResponses(watch, 2);
    for (const response of responses) assertPlainData(response);
    const [put, deleted] = responses.flatMap(({ events }) => events);
    const numbers = { createRevision: revision, modRevision: revision, version: 1, lease: 0n };
    const data = { key: Buffer.from(key), value: Buffer.from([0xff]), ...numbers };
    assert.equal({ ...put }, { type: 'put', kv: data, isCreate: true, isModify: false });
    assert.equal({ ...deleted?.prevKv }, data);
  });

  test('a revoked lease deletes its keys in one response (W-15, W-16)', async () => {
    const prefix = freshPrefix();
    const { kv, lease } = client();
    const { id } = await lease.grant(60);
    for (const name of ['a', 'b']) await kv.put(prefix + name, '', { lease: id });
    await using watch = client().watch(prefix, { prefix: true });
    await watch.created;
    await lease.revoke(id);
    const [response] = await takeResponses(watch, 2);
    assert.is(response?.events.map(({ type }) => type).join(), 'delete,delete');
  });

  test('the events of a transaction come in one response, with one revision (W-16)', async () => {
    const prefix = freshPrefix();
    const { kv } = client();
    await using watch = client().watch(prefix, { prefix: true });
    await watch.created;
    const names = Array.from({ length: 50 }, (_, i) => String(i));
    const { header } = await kv.txn({ then: names.map((name) => op.put(prefix + name, name)) });
    const responses = await takeResponses(watch, 50);
    assert.is(responses.length, 1);
    assert.ok(responses[0]?.events.every((event) => event.kv.modRevision === header.revision));
    assert.equal(
      responses[0]?.events.map((event) => event.kv.text()),
      names,
    );
  });

  test('keys and values of any bytes arrive as they are', async () => {
    const key = Buffer.concat([Buffer.from(freshPrefix()), Buffer.from([0, 0xff, 0x80, 0])]);
    const value = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
    await using watch = client().watch(key);
    await watch.created;
    await client().kv.put(key, value);
    await client().kv.put(key, '');
    const events = await take(watch, 2);
    assert.equal(
      events.map((event) => event.kv.key),
      [key, key],
    );
    assert.equal(
      events.map((event) => event.kv.value),
      [value, Buffer.alloc(0)],
    );
  });

  test('a thousand watches are created at once, and each sees its own key (W-01, W-05)', async () => {
    const prefix = freshPrefix();
    const watches = Array.from({ length: 1_000 }, (_, i) => client().watch(`${prefix}${i}`));
    await Promise.all(watches.map(({ created }) => created));
    for (const i of [0, 1, 500, 999]) await client().kv.put(`${prefix}${i}`, 'v');
    for (const i of [0, 1, 500, 999]) assert.is(shown(await take(watches[i]!, 1)), `${i}=v`);
    await Promise.all(watches.map((watch) => watch.cancel()));
  });

  test('events() gives the same, one at a time', async () => {
    const prefix = freshPrefix();
    const watch = client().watch(prefix, { prefix: true, createdNotify: true });
    await watch.created;
    for (const name of ['a', 'b', 'c']) await client().kv.put(prefix + name, '');
    const names: string[] = [];
    for await (const event of watch.events()) {
      names.push(event.kv.key.subarray(-1).toString());
      if (names.length === 3) break;
    }
    assert.is(names.join(), 'a,b,c');
  });

  test('a watch has one reader: a second one is refused, and the first reads on', async () => {
    const key = `${freshPrefix()}k`;
    await using watch = client().watch(key);
    await using other = client().watch(key);
    await Promise.all([watch.created, other.created]);
    const responses = watch[Symbol.asyncIterator]();
    const events = other.events()[Symbol.asyncIterator]();
    for (const { read } of [{ read: watch }, { read: other }]) {
      await rejects(async () => read[Symbol.asyncIterator](), { code: 'FAILED_PRECONDITION' });
      await rejects(async () => read.events(), { code: 'FAILED_PRECONDITION' });
    }
    await client().kv.put(key, 'v');
    assert.is((await responses.next()).value?.events.length, 1);
    assert.is((await events.next()).value?.kv.text(), 'v');
  });
}
