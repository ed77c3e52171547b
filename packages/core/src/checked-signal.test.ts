import { getEventListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { assert, rejects, suite } from '@etcdts/testing';
import { checkedSignal } from './checked-signal.ts';

const test = suite('checked signal');

/** A signal that is aborted, when it is read, once a clock has reached a time. */
function deadline(clock: { time: number }, at: number): AbortSignal {
  const made = checkedSignal({ check: () => void (clock.time >= at && made.abort(`over at ${at}`)) });
  return made.signal;
}

test('K-1 it is checked whenever it is read, and aborts with the reason of the check', () => {
  const clock = { time: 0 };
  const signal = deadline(clock, 10);
  const heard: unknown[] = [];
  signal.addEventListener('abort', () => heard.push(signal.reason));
  assert.equal([signal.aborted, signal.reason], [false, undefined]);
  signal.throwIfAborted();
  clock.time = 10;
  assert.equal(heard, []);
  assert.is(signal.reason, 'over at 10');
  assert.equal(heard, ['over at 10']);
  assert.is(deadline(clock, 10).aborted, true);
  let thrown: unknown;
  try {
    deadline(clock, 10).throwIfAborted();
  } catch (error) {
    thrown = error;
  }
  assert.is(thrown, 'over at 10');
});

test('K-1 its maker aborts it, once', () => {
  const made = checkedSignal();
  let times = 0;
  made.signal.onabort = () => times++;
  made.abort('first');
  made.abort('second');
  assert.equal([made.signal.aborted, made.signal.reason, times], [true, 'first', 1]);
});

test('one made of others reads them whenever it is read, however deep, without a timer or an event', () => {
  const clock = { time: 0 };
  const lease = deadline(clock, 10);
  const leadership = checkedSignal({ from: [lease, new AbortController().signal] });
  const { signal } = checkedSignal({ from: [leadership.signal] });
  assert.is(signal.aborted, false);
  clock.time = 10;
  assert.equal([signal.aborted, signal.reason], [true, 'over at 10']);
  assert.is(leadership.signal.reason, 'over at 10');
});

test('the event of a source aborts it, and no listener stays on a source of one that is aborted', () => {
  const [first, second] = [new AbortController(), new AbortController()];
  const from = [first.signal, second.signal];
  const one = checkedSignal({ from });
  const other = checkedSignal({ from });
  const heard: unknown[] = [];
  one.signal.addEventListener('abort', () => heard.push(one.signal.reason));
  other.abort('by its maker');
  second.abort('by a source');
  assert.equal(heard, ['by a source']);
  assert.is(other.signal.reason, 'by its maker');
  for (const signal of from) assert.is(getEventListeners(signal, 'abort').length, 0);
});

test('one made of an aborted signal is aborted', () => {
  const { signal } = checkedSignal({ from: [new AbortController().signal, AbortSignal.abort('before')] });
  assert.equal([signal.aborted, signal.reason], [true, 'before']);
});

test('it is an AbortSignal to those who take one', async () => {
  const clock = { time: 0 };
  const signal = deadline(clock, 10);
  assert.ok(signal instanceof AbortSignal);
  assert.is(Object.prototype.toString.call(signal), '[object AbortSignal]');
  const sleeping = sleep(60_000, undefined, { signal });
  const combined = AbortSignal.any([signal, new AbortController().signal]);
  clock.time = 10;
  await rejects(sleep(60_000, undefined, { signal }), { code: 'ABORT_ERR' });
  await rejects(sleeping, { code: 'ABORT_ERR' });
  assert.is(combined.reason, 'over at 10');
  await rejects(fetch('http://127.0.0.1:1/', { signal }), (reason) => reason === 'over at 10');
});

test('options that cannot be are refused by name', () => {
  for (const [options, said] of [
    [{ checks: () => {} }, /unknown option checks; did you mean check\?/],
    [{ check: true }, /check must be a function, not true \(a boolean\)/],
    [{ from: new AbortController().signal }, /from must be an array of signals, not an AbortSignal/],
    [{ from: [new AbortController()] }, /from must be an AbortSignal, not an AbortController: pass controller\.signal/],
  ] as const) {
    assert.throws(() => checkedSignal(options as never), said);
  }
});

test.run();
