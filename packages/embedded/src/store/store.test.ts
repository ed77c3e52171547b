import { assert, suite } from '@etcdts/testing';
import { Attachments } from '../lease/attachments.ts';
import { StatusError } from '../status.ts';
import type { Change } from './key-history.ts';
import { toBytes, type KeyRange } from './range.ts';
import { Space } from './space.ts';
import { Store } from './store.ts';

const test = suite('store');
const ALL: KeyRange = { key: '\0', end: '' };
const one = (key: string): KeyRange => ({ key, end: undefined });

function make(): { store: Store; space: Space; attachments: Attachments; told: (readonly Change[])[] } {
  const told: (readonly Change[])[] = [];
  const attachments = new Attachments();
  const space = new Space();
  const store = new Store(attachments, space, (_, changes) => told.push(changes));
  return { store, space, attachments, told };
}

function put(store: Store, ...keys: string[]): void {
  store.write(() => {
    for (const key of keys) store.put(key, Buffer.from(key), 0n);
  });
}

function keys(store: Store, range: KeyRange, revision = 0): string {
  return store
    .range(range, revision)
    .kvs.map(({ key }) => key.toString())
    .join(' ');
}

function refusal(act: () => unknown): string {
  try {
    act();
    return 'none';
  } catch (error) {
    return error instanceof StatusError ? error.message : String(error);
  }
}

test('a write has one revision; its changes are reported in order, and nothing where nothing changed', () => {
  const { store, told } = make();
  put(store, 'b', 'a');
  store.write(() => store.deleteRange(one('none')));
  assert.is(store.revision, 2);
  assert.equal(
    told.map((changes) => changes.map(({ main, sub, kv }) => [main, sub, kv.key.toString()])),
    [
      [
        [2, 0, 'b'],
        [2, 1, 'a'],
      ],
    ],
  );
});

test('reads see their own changes inside a write, and any revision outside', () => {
  const { store } = make();
  put(store, 'a');
  put(store, 'a', 'b');
  store.write(() => {
    store.deleteRange(one('a'));
    assert.is(keys(store, ALL), 'b');
    store.put('a', Buffer.from('new'), 0n);
    assert.equal(store.get('a')?.version, 1);
    assert.equal(store.get('a')?.createRevision, 4);
  });
  assert.is(keys(store, ALL, 1), '');
  assert.is(keys(store, ALL, 2), 'a');
  assert.is(store.range(one('a'), 3).kvs[0]?.version, 2);
  assert.is(
    refusal(() => store.range(ALL, 5)),
    'etcdserver: mvcc: required revision is a future revision',
  );
});

test('keys are ordered by their bytes, and ranges leave out their end', () => {
  const { store } = make();
  for (const bytes of [[0xff], [0x61], [0xc3, 0xa4], [0x61, 0], [0]]) put(store, Buffer.from(bytes).toString('latin1'));
  const hex = (range: KeyRange): string[] => store.range(range).kvs.map(({ key }) => key.toString('hex'));
  assert.equal(hex(ALL), ['00', '61', '6100', 'c3a4', 'ff']);
  assert.equal(hex({ key: 'a', end: '\xff' }), ['61', '6100', 'c3a4']);
  assert.equal(hex({ key: 'b', end: 'a' }), []);
  assert.equal(toBytes('\xff'), Buffer.from([0xff]));
});

test('limit cuts what is read, and not what is counted', () => {
  const { store } = make();
  put(store, 'a', 'b', 'c');
  const { kvs, count } = store.range(ALL, 0, 2);
  assert.equal([kvs.length, count], [2, 3]);
  assert.equal(store.range(ALL, 0, 0, true), { kvs: [], count: 3 });
});

test('compaction keeps what is there at its revision and later, and the last delete if that is it', () => {
  const { store } = make();
  put(store, 'a', 'gone');
  put(store, 'a');
  store.write(() => store.deleteRange(one('gone')));
  put(store, 'a', 'b');
  store.compact(4n);
  assert.is(keys(store, ALL, 4), 'a');
  assert.is(
    refusal(() => store.range(ALL, 3)),
    'etcdserver: mvcc: required revision has been compacted',
  );
  assert.is(store.getAt('a', 3), undefined);
  const changes = (from: number): string[] =>
    [...store.changesSince(ALL, from)].map(({ main, kv, deleted }) => `${main}${deleted ? '-' : ''}${kv.key}`);
  assert.equal(changes(0), ['3a', '4-gone', '5a', '5b']);
  store.compact(5n);
  assert.equal(changes(0), ['5a', '5b']);
  assert.equal([...store.changesSince(one('a'), 5)].length, 1);
  assert.is(
    refusal(() => store.compact(5n)),
    'etcdserver: mvcc: required revision has been compacted',
  );
  assert.is(
    refusal(() => store.compact(6n)),
    'etcdserver: mvcc: required revision is a future revision',
  );
});

test('a put moves its key to the lease that it names, a delete takes it off', () => {
  const { store, attachments } = make();
  store.write(() => store.put('a', Buffer.alloc(0), 1n));
  store.write(() => store.put('a', Buffer.alloc(0), 2n));
  assert.equal([attachments.keysOf(1n), attachments.keysOf(2n)], [[], ['a']]);
  store.write(() => store.deleteRange(ALL));
  assert.equal([attachments.keysOf(2n), attachments.leaseOf('a')], [[], 0n]);
});

test('what is stored holds neither the message that it came in, nor an older change', () => {
  const { store } = make();
  const message = Buffer.alloc(1_000_000);
  const value = (): Buffer => store.get('a')?.value as Buffer;
  store.write(() => store.put('a', message.subarray(10, 20), 0n));
  assert.is.not(value().buffer, message.buffer);
  message.fill(1);
  assert.equal(value(), Buffer.alloc(10));
  store.write(() => store.put('a', Buffer.alloc(1_000_000), 0n));
  const big = value().buffer;
  store.write(() => store.put('a', Buffer.alloc(1), 0n));
  assert.is.not(store.get('a')?.key.buffer, big);
});

test('the database grows by writes, and shrinks only when what is compacted is defragmented', () => {
  const { store, space } = make();
  const empty = [space.size, space.sizeInUse];
  const put100k = (): void => store.write(() => store.put('a', Buffer.alloc(100_000), 0n));
  put100k();
  put100k();
  const [size, inUse] = [space.size, space.sizeInUse];
  assert.ok(size > 200_000 && inUse > 200_000);
  store.compact(3n);
  assert.is(space.size, size);
  assert.ok(space.sizeInUse < inUse - 90_000);
  put100k();
  assert.is(space.size, size, 'what is free is written again');
  store.write(() => store.deleteRange(one('a')));
  store.compact(5n);
  store.write(() => store.put('b', Buffer.alloc(0), 0n));
  store.compact(6n);
  space.defragment();
  assert.ok(space.size < (empty[0] ?? 0) + 5_000);
  assert.ok(space.sizeInUse < space.size);
});

test('the hash depends on the history, at any revision', () => {
  const [first, second] = [make().store, make().store];
  put(first, 'a', 'b');
  put(second, 'a');
  assert.is.not(first.hashKv(2n).hash, second.hashKv(2n).hash);
  put(first, 'c');
  const third = make().store;
  put(third, 'a', 'b');
  assert.equal(first.hashKv(2n), third.hashKv(0n));
});

test('the hash of a revision stays when that is compacted, for the last ten compactions', () => {
  const { store } = make();
  const before: object[] = [];
  for (let revision = 2; revision < 15; revision++) {
    if (revision % 3 === 0) store.write(() => store.deleteRange(one('a')));
    else put(store, 'a', String(revision));
    before.push(store.hashKv(BigInt(revision)));
    store.compact(BigInt(revision));
  }
  assert.equal(
    before.slice(-10).map((_, i) => store.hashKv(BigInt(5 + i))),
    before.slice(-10),
  );
  assert.is(
    refusal(() => store.hashKv(4n)),
    'etcdserver: mvcc: required revision has been compacted',
  );
});

test.run();
