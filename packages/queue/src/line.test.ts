import { assert, suite } from '@etcdts/testing';
import { Line } from './line.ts';

const test = suite('the line of a queue object');

test('QU-04 one works at a time, in the order of arrival, and those who leave the line are passed over', async () => {
  const line = new Line();
  const order: number[] = [];
  let working = 0;
  const work = (number: number) => async (): Promise<number> => {
    assert.is(++working, 1);
    await new Promise((resolve) => setImmediate(resolve));
    order.push(number);
    working--;
    if (number === 1) throw new Error('failed');
    return number;
  };
  const leaving = new AbortController();
  const all = [0, 1, 2, 3].map((number) => line.run(number === 2 ? leaving.signal : undefined, work(number)));
  leaving.abort(new Error('left'));
  const ends = await Promise.allSettled(all);
  assert.equal(
    ends.map((end) => (end.status === 'fulfilled' ? end.value : String(end.reason))),
    [0, 'Error: failed', 'Error: left', 3],
  );
  assert.equal(order, [0, 1, 3]);
  assert.is(await line.run(undefined, work(4)), 4);
});

test.run();
