import { assert, rejects, settle, suite } from '@etcdts/testing';
import { Line } from './line.ts';

const test = suite('the line of a process before a key');
const never = new AbortController().signal;

test('MX-12 one is let through at a time, in the order of arrival, and leaving twice is leaving once', async () => {
  let empty = 0;
  const line = new Line(() => empty++);
  const order: number[] = [];
  const leaves: (() => void)[] = [];
  const arrive = async (i: number): Promise<void> => {
    leaves[i] = await line.enter(never);
    order.push(i);
  };
  const all = [0, 1, 2].map(arrive);
  await settle();
  assert.equal(order, [0]);
  assert.is(line.tryEnter(), undefined);
  leaves[0]?.();
  leaves[0]?.();
  // Nobody who comes now is before the next one.
  assert.is(line.tryEnter(), undefined);
  await settle();
  assert.equal(order, [0, 1]);
  leaves[1]?.();
  await Promise.all(all);
  assert.is(empty, 0);
  leaves[2]?.();
  assert.is(empty, 1);
  assert.ok(line.tryEnter());
});

test('MX-12 who gives up leaves the line without letting anybody through', async () => {
  const line = new Line(() => {});
  const leave = await line.enter(never);
  const ending = new AbortController();
  const givesUp = rejects(line.enter(ending.signal), /enough/);
  let through = false;
  const next = line.enter(never).then(() => (through = true));
  ending.abort(new Error('enough'));
  await givesUp;
  await settle();
  assert.not(through);
  leave();
  await next;
  await rejects(line.enter(ending.signal), /enough/);
});

test.run();
