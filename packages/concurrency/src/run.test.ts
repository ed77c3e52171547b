import { EtcdError } from '@etcdts/core';
import { assert, rejects, suite } from '@etcdts/testing';
import type { Lock } from './lock.ts';
import { runUnder } from './run.ts';

const test = suite('a body that runs under a lock');

/** A lock whose unlock ends as it is given. */
function lockThat(unlock: () => Promise<boolean>): { lock: Lock; ending: AbortController; unlocks: () => number } {
  const ending = new AbortController();
  let count = 0;
  const lock = {
    signal: ending.signal,
    unlock: () => (count++, unlock()),
  } as Partial<Lock> as Lock;
  return { lock, ending, unlocks: () => count };
}

const lost = new EtcdError({ code: 'LOCK_LOST', message: 'made by a test', outcome: 'not-applied' });

test('a failing unlock rejects, and with a failing body both errors are thrown, the first that of the body', async () => {
  const failure = new Error('the unlock');
  const { lock } = lockThat(() => Promise.reject(failure));
  assert.is(await rejects(runUnder(lock, async () => 1)), failure);
  const thrown = new Error('the body');
  const both = await rejects<AggregateError>(
    runUnder(lock, () => Promise.reject(thrown)),
    AggregateError,
  );
  assert.equal(both.errors, [thrown, failure]);
  assert.is(both.cause, thrown);
});

test('after a loss nobody waits for the unlock, and its failure hides nothing', async () => {
  const { lock, ending, unlocks } = lockThat(() => new Promise(() => {}));
  const thrown = new Error('the body');
  const body = (): Promise<never> => {
    ending.abort(lost);
    return Promise.reject(thrown);
  };
  assert.is(await rejects(runUnder(lock, body)), thrown);
  assert.is(unlocks(), 1);
  assert.is(await rejects(runUnder(lock, async () => 1)), lost);
});

test('a body that unlocks by itself resolves with its value', async () => {
  const { lock, ending } = lockThat(async () => true);
  const released = new EtcdError({ code: 'CANCELLED', message: 'made by a test', outcome: 'not-applied' });
  const value = await runUnder(lock, async () => {
    ending.abort(released);
    return 1;
  });
  assert.is(value, 1);
});

test.run();
