import type { KeyValue, ResponseHeader, WatchEvent } from '@etcdts/core';
import { keyValue, watchEvent } from '@etcdts/core/plugin';
import { assert, suite } from '@etcdts/testing';
import { Entries } from './entry.ts';
import { Untrue } from './errors.ts';
import { placeOf } from './ordered.ts';
import { Store } from './store.ts';

const test = suite('store of a copy');
const header = (revision: bigint, clusterId = 1n): ResponseHeader => ({
  clusterId,
  memberId: 2n,
  revision,
  raftTerm: 3n,
});
const kv = (key: string, modRevision: bigint, value = ''): KeyValue =>
  keyValue({ key: Buffer.from(key), value: Buffer.from(value), createRevision: 1n, modRevision, version: 1 });
const put = (key: string, revision: bigint, value = ''): WatchEvent =>
  watchEvent({ type: 'put', kv: kv(key, revision, value) });
const del = (key: string, modRevision: bigint): WatchEvent =>
  watchEvent({ type: 'delete', kv: keyValue({ key: Buffer.from(key), modRevision }) });

interface Made {
  readonly store: Store<KeyValue>;
  readonly parsed: string[];
  rebase(revision: bigint, kvs: readonly KeyValue[], reset?: boolean): void;
  names(state?: Store<KeyValue>['state']): string;
}

function make(history = 10): Made {
  const parsed: string[] = [];
  const parse = (one: KeyValue): KeyValue => (parsed.push(`${one.key.toString()}@${one.modRevision}`), one);
  const store = new Store(new Entries(parse, () => {}), history);
  return {
    ...{ store, parsed },
    rebase(revision, kvs, reset = false) {
      store.beginBase();
      store.addToBase(kvs);
      store.completeBase(revision, header(revision), reset);
    },
    names: (state = store.state) =>
      [...state.entries()]
        .map(
          ([
            place,
            {
              kv: { value },
            },
          ]) => `${place}${value.toString()}`,
        )
        .join(' '),
  };
}

test('TestStoreApply TestFull CC-03 one message of several revisions makes several states, each shared with the next', () => {
  const { store, rebase, names } = make();
  rebase(5n, [kv('a', 2n, '0')]);
  store.apply([put('a', 6n, '1'), put('b', 6n, '1'), put('a', 8n, '2'), del('b', 9n)], header(9n));
  assert.equal(
    [5n, 6n, 7n, 8n, 9n].map((revision) => names(store.history.at(revision))),
    ['a0', 'a1 b1', 'a1 b1', 'a2 b1', 'a2'],
  );
  assert.is(store.history.length, 3);
  store.advance(20n, header(20n));
  assert.is(names(store.history.at(20n)), 'a2');
  assert.is(store.revision, 20n);
});

test('TestRestoreAppendCloneImmutability a state of the history does not change with later ones', () => {
  const { store, rebase, names } = make();
  rebase(
    1n,
    Array.from({ length: 200 }, (_, i) => kv(`k${String(i).padStart(3, '0')}`, 1n, '0')),
  );
  const before = store.history.at(1n);
  for (let i = 0n; i < 300n; i++)
    store.apply([put(`k${String(i % 200n).padStart(3, '0')}`, 2n + i, 'x')], header(2n + i));
  assert.ok(!names(before).includes('x'));
  assert.is(before.size, 200);
});

test('TestPeekLatestAndOldest the history keeps as many revisions as it may, and knows its bounds', () => {
  const { store, rebase } = make(3);
  rebase(1n, []);
  for (let revision = 2n; revision <= 6n; revision++) store.apply([put('a', revision)], header(revision));
  // Those who wait are given all of it first.
  assert.equal([store.history.length, store.history.readableFrom], [5, 1n]);
  store.history.trim();
  assert.equal([store.history.length, store.history.readableFrom, store.history.exactFrom], [3, 3n, 3n]);
  assert.equal(
    store.history.after(0n).map(({ revision }) => revision),
    [4n, 5n, 6n],
  );
  assert.equal(
    store.history.after(4n).map(({ revision }) => revision),
    [5n, 6n],
  );
  assert.equal(
    store.history.after(3n, 1).map(({ revision }) => revision),
    [4n],
  );
  for (let revision = 7n; revision <= 5_000n; revision++) {
    store.apply([put('a', revision)], header(revision));
    store.history.trim();
  }
  assert.equal(
    store.history.after(0n).map(({ revision }) => revision),
    [4_998n, 4_999n, 5_000n],
  );
  store.history.forgetBefore(4_999n);
  assert.equal([store.history.exactFrom, store.history.readableFrom], [4_999n, 4_997n]);
});

test('TestIterationWithBatching the history is read in batches of whole revisions, without a gap', () => {
  const { store, rebase } = make(100);
  rebase(1n, []);
  // Each revision has three keys, and every third one is of other keys.
  for (let revision = 2n; revision <= 60n; revision++)
    if (revision % 3n !== 0n)
      store.apply([put('a', revision), put('b', revision), put('c', revision)], header(revision));
  for (const most of [1, 7, 1_000]) {
    const seen: bigint[] = [];
    for (let given = 1n; ;) {
      const moments = store.history.after(given, most);
      const last = moments.at(-1);
      if (last === undefined) break;
      assert.ok(moments.length <= most);
      for (const { revision, deltas } of moments) {
        assert.is(deltas.length, 3, 'a revision is split');
        seen.push(revision);
      }
      given = last.revision;
    }
    assert.equal(
      seen,
      Array.from({ length: 59 }, (_, i) => BigInt(i + 2)).filter((revision) => revision % 3n !== 0n),
    );
  }
});

test('TestRebaseHistory TestStoreRestore CC-02 a new base is one moment: puts with their revisions, deletions with its own', () => {
  const { store, rebase, names, parsed } = make();
  rebase(5n, [kv('a', 2n), kv('b', 3n), kv('c', 4n)]);
  parsed.length = 0;
  rebase(20n, [kv('a', 2n), kv('c', 15n, '1'), kv('d', 12n)]);
  const [moment] = store.history.after(5n);
  assert.ok(moment?.resync);
  assert.equal(
    moment?.deltas.map(({ place, before, after, revision }) => [
      place,
      before !== undefined,
      after !== undefined,
      revision,
    ]),
    [
      ['d', false, true, 12n],
      ['c', true, true, 15n],
      ['b', true, false, 20n],
    ],
  );
  assert.equal(parsed, ['c@15', 'd@12'], 'what is the same version is not parsed again');
  assert.is(names(), 'a c1 d');
  assert.equal([store.history.exactFrom, store.history.readableFrom], [20n, 5n]);
  assert.is(store.epoch, 0);
});

test('CC-02 a base of another store, or an older one, makes a new history', () => {
  const { store, rebase } = make();
  rebase(5n, [kv('a', 2n)]);
  rebase(9n, [kv('a', 2n)], true);
  assert.equal([store.epoch, store.history.length, store.history.exactFrom], [1, 0, 9n]);
  rebase(3n, []);
  assert.equal([store.epoch, store.revision, store.history.exactFrom], [2, 3n, 3n]);
});

test('CC-11 events that cannot be true are found out', () => {
  const { store, rebase } = make();
  rebase(5n, [kv('a', 2n)]);
  for (const wrong of [[del('b', 6n)], [put('a', 5n)], [put('a', 7n), put('a', 6n)]]) {
    try {
      store.apply(wrong, header(9n));
    } catch (error) {
      assert.instance(error, Untrue);
      continue;
    }
    assert.unreachable('nothing was thrown');
  }
});

test('CC-10 places have the order of bytes, and are the keys again', () => {
  const keys = [[0], [0, 0], [0x61], [0x61, 0xff], [0x7f], [0x80], [0xc3, 0xa4], [0xff], [0xff, 0x00], [0xff, 0xff]];
  const places = keys.map((bytes) => placeOf(Uint8Array.from(bytes)));
  assert.equal(places.toSorted(), places);
  assert.equal(
    places.map((place) => [...Buffer.from(place, 'latin1')]),
    keys,
  );
});

test.run();
