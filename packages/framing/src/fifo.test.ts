import { assert, suite } from '@etcdts/testing';
import { Fifo } from './fifo.ts';

const test = suite('what waits in order');

test('the first in is the first out, however pushes and takes alternate', () => {
  const fifo = new Fifo<number>();
  let pushed = 0;
  let taken = 0;
  for (let round = 1; round < 200; round++) {
    for (let i = 0; i < round; i++) fifo.push(pushed++);
    assert.is(fifo.length, pushed - taken);
    for (let i = 0; i < (round * 7) % (round + 3) && taken < pushed; i++) assert.is(fifo.shift(), taken++);
  }
  while (taken < pushed) assert.is(fifo.shift(), taken++);
  assert.equal([fifo.length, fifo.shift()], [0, undefined]);
});

test('many are taken without moving those behind each time', () => {
  const fifo = new Fifo<number>();
  const many = 400_000;
  for (let i = 0; i < many; i++) fifo.push(i);
  // An array that shifts would move 10^10 elements here, and run past the deadline of the test.
  for (let i = 0; i < many; i++) assert.is(fifo.shift(), i);
});

test.run();
