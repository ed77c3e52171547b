import { assert, deferred, eventually, rejects, suite } from './index.ts';

const test = suite('eventually');

test('returns the first truthy value and counts exceptions as not yet', async () => {
  let calls = 0;
  const value = await eventually(() => {
    if (++calls < 3) throw new Error('early');
    return calls === 3 ? undefined : `call ${calls}`;
  });
  assert.is(value, 'call 4');
});

test('names what it waited for, and why the last poll failed', async () => {
  const poll = (): never => {
    throw new Error('refused');
  };
  const error = await rejects(eventually(poll, { timeoutMs: 20, describe: 'a leader' }), /20 ms: a leader/);
  assert.is((error.cause as Error).message, 'refused');
});

test('rejects returns the error and refuses a resolution or a wrong error', async () => {
  const failing = async (): Promise<never> => {
    throw Object.assign(new TypeError('broken pipe'), { code: 'EPIPE' });
  };
  const error = await rejects<TypeError & { code: string }>(failing, { code: 'EPIPE', message: /pipe/ });
  assert.is(error.code, 'EPIPE');
  assert.instance(await rejects(failing(), TypeError), TypeError);
  await rejects(rejects(failing(), RangeError), /no RangeError/);
  await rejects(rejects(failing(), { code: 'X' }), /its code is EPIPE/);
  await rejects(rejects(failing(), /socket/), /does not match/);
  await rejects(
    rejects(failing(), () => false),
    /refused/,
  );
  await rejects(rejects(Promise.resolve(1)), /expected a rejection/);
});

test('deferred settles from outside', async () => {
  const gate = deferred<number>();
  gate.resolve(3);
  assert.is(await gate.promise, 3);
});

test.run();
