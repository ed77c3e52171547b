import { assert, settle, suite } from '@etcdts/testing';
import { Turn } from './turn.ts';

const test = suite('the end of a turn');

test('comes once, after all microtasks of what was read', async () => {
  const order: string[] = [];
  const turn = new Turn(() => void order.push('end'));
  // As a callback of a socket, whose microtasks run after what nextTick has scheduled in it.
  await new Promise<void>((resolve) =>
    setImmediate(() => {
      turn.beginReading();
      turn.schedule();
      turn.schedule();
      const reaction = async (): Promise<void> => {
        await Promise.resolve();
        await Promise.resolve();
        order.push('reaction');
        turn.schedule();
      };
      void reaction().then(resolve);
      turn.endReading();
    }),
  );
  await settle();
  assert.equal(order, ['reaction', 'end']);
  turn.schedule();
  turn.schedule();
  assert.is(order.length, 2);
  await settle();
  assert.equal(order, ['reaction', 'end', 'end']);
});

test('does not come if nothing was scheduled', async () => {
  let ends = 0;
  const turn = new Turn(() => void ends++);
  turn.beginReading();
  turn.endReading();
  await settle();
  assert.is(ends, 0);
});

test.run();
