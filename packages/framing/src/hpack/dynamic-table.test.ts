import { assert, seeded, suite } from '@etcdts/testing';
import { DynamicTable, fieldSize } from './dynamic-table.ts';

const test = suite('dynamic table');

interface Entry {
  readonly size: number;
  readonly id: number;
}

/** The ids of what is in a table, the newest first. */
function ids(table: DynamicTable<Entry>): number[] {
  const found: number[] = [];
  for (let age = 0; ; age++) {
    const entry = table.at(age);
    if (entry === undefined) return found;
    found.push(entry.id);
  }
}

test('counts name, value and 32 bytes', () => assert.is(fieldSize('te', 'trailers'), 42));

test('holds the newest entries that fit, exactly', () => {
  const table = new DynamicTable<Entry>(100);
  table.add({ id: 1, size: 34 });
  table.add({ id: 2, size: 33 });
  table.add({ id: 3, size: 33 });
  assert.equal(ids(table), [3, 2, 1]);
  table.add({ id: 4, size: 35 });
  assert.equal(ids(table), [4, 3]);
  assert.is(table.added, 4);
});

test('is emptied by an entry that is larger than itself, without an error', () => {
  const table = new DynamicTable<Entry>(100);
  table.add({ id: 1, size: 34 });
  table.add({ id: 2, size: 101 });
  assert.equal(ids(table), []);
  table.add({ id: 3, size: 100 });
  assert.equal(ids(table), [3]);
});

test('has no entry where its limit is below 32 bytes', () => {
  const table = new DynamicTable<Entry>(0);
  table.add({ id: 1, size: 32 });
  assert.equal(ids(table), []);
});

test('is the same as a list, through thousands of additions and limits', () => {
  const random = seeded(2);
  const evicted: number[] = [];
  const table = new DynamicTable<Entry>(4096, (entry) => void evicted.push(entry.id));
  let limit = 4096;
  let list: Entry[] = [];
  const left: number[] = [];
  const shrink = (size: number): void => {
    while (list.reduce((sum, entry) => sum + entry.size, 0) > size && list.length > 0) left.push(list.pop()!.id);
  };
  for (let id = 0; id < 5_000; id++) {
    if (random() < 0.02) {
      limit = Math.floor(random() * 4097);
      table.resize(limit);
      shrink(limit);
      assert.equal(
        ids(table),
        list.map((one) => one.id),
      );
    }
    const entry = { id, size: 32 + Math.floor(random() < 0.02 ? random() * 5_000 : random() * 60) };
    table.add(entry);
    shrink(limit - entry.size);
    if (entry.size <= limit) list = [entry, ...list];
    assert.equal(
      ids(table),
      list.map((one) => one.id),
    );
  }
  assert.equal(evicted, left);
});

test.run();
