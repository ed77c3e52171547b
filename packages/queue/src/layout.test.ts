import type { KeyValue } from '@etcdts/core';
import { keyValue } from '@etcdts/core/plugin';
import { assert, suite } from '@etcdts/testing';
import { priorityLayout, queueLayout } from './layout.ts';

const test = suite('where the keys of a queue are');
const item = (key: string, createRevision = 0xabcn): KeyValue => keyValue({ key: Buffer.from(key), createRevision });

test('QU-01 items are below the name and a slash, all else below __ and the name', () => {
  const layout = queueLayout('jobs');
  assert.equal(layout.items, { from: Buffer.from('jobs/0'), rangeEnd: Buffer.from('jobs/:') });
  assert.equal([layout.heldItems, layout.heldClaims, layout.marks].map(String), [
    '__jobs/held/items/',
    '__jobs/held/claims/',
    '__jobs/marks/',
  ]);
  assert.equal(queueLayout(Buffer.from([0xff])).prefix, Buffer.from([0xff, 0x2f]));
});

test('QU-01 only keys of the form of clientv3 are items', () => {
  const plain = queueLayout('jobs');
  const byPriority = priorityLayout('jobs');
  assert.is(plain.orderOf(item('jobs/17')), '0000000000000abc/17');
  assert.is(byPriority.orderOf(item('jobs/00007/0000000000000003')), '00007/0000000000000abc/0000000000000003');
  // EnqueueUint64
  assert.is(byPriority.orderOf(item('jobs/100000/0000000000000003')), '100000/0000000000000abc/0000000000000003');
  for (const key of ['jobs/1/2', 'jobs/1a', 'jobs/00007/0000000000000003'])
    assert.is(plain.orderOf(item(key)), undefined);
  for (const key of ['jobs/17', 'jobs/7/1', 'jobs/00007/1/2']) assert.is(byPriority.orderOf(item(key)), undefined);
});

test('QU-02 QU-06 orders sort as items are taken, and give back key and revision', () => {
  const plain = queueLayout('jobs');
  const orders = [item('jobs/2', 9n), item('jobs/1', 10n), item('jobs/3', 300n)].map((one) => plain.orderOf(one) ?? '');
  assert.equal(orders.toSorted(), orders);
  assert.equal(plain.itemOf(orders[2] ?? ''), { key: Buffer.from('jobs/3'), revision: 300n });
  const byPriority = priorityLayout('jobs');
  const groups = [
    item('jobs/00001/0000000000000009', 900n),
    item('jobs/00002/0000000000000001', 5n),
    item('jobs/00002/0000000000000000', 6n),
  ].map((one) => byPriority.orderOf(one) ?? '');
  assert.equal(groups.toSorted(), groups);
  assert.equal(byPriority.itemOf(groups[2] ?? ''), { key: Buffer.from('jobs/00002/0000000000000000'), revision: 6n });
});

test.run();
