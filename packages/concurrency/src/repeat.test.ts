import { EtcdError, type CallOptions, type EtcdErrorCode } from '@etcdts/core';
import type { ClientSite } from '@etcdts/core/plugin';
import { assert, FakeClock, rejects, settle, suite } from '@etcdts/testing';
import { abortable, sleep, untilAnswered } from './repeat.ts';

const test = suite('calls that are sent until they are answered');

function failure(code: EtcdErrorCode, outcome: EtcdError['outcome'] = 'unknown'): EtcdError {
  return new EtcdError({ code, message: 'made by a test', outcome });
}

function siteOf(clock: FakeClock): ClientSite {
  const logger = { debug() {}, info() {}, warn() {}, error() {} };
  return { clock, random: () => 1, logger, requestTimeoutMs: 10_000 };
}

/** Answers by the outcomes in turn, the last one again and again. Notes what it was sent with. */
function answering(outcomes: readonly (EtcdError | string)[]) {
  const sent: { timeoutMs: number | undefined; uncertain: boolean }[] = [];
  const send = async ({ timeoutMs }: CallOptions, uncertain: boolean): Promise<string> => {
    const outcome = outcomes[Math.min(sent.push({ timeoutMs, uncertain }), outcomes.length) - 1] as EtcdError | string;
    if (typeof outcome === 'string') return outcome;
    throw outcome;
  };
  return { sent, send };
}

test('MX-08 a call is sent again after failures that pass, and is given whether it may be applied', async () => {
  const clock = new FakeClock();
  const { sent, send } = answering([failure('UNAVAILABLE', 'not-applied'), failure('UNAVAILABLE'), 'done']);
  assert.is(await clock.until(untilAnswered(siteOf(clock), {}, Infinity, send)), 'done');
  assert.equal(
    sent.map(({ uncertain }) => uncertain),
    [false, false, true],
  );
});

test('each try has a share of the time, which doubles up to the deadline of the client, and never passes the deadline', async () => {
  const clock = new FakeClock();
  const { sent, send } = answering([failure('UNAVAILABLE')]);
  const slow = async (options: CallOptions, uncertain: boolean): Promise<string> => {
    await new Promise<void>((resolve) => clock.after(options.timeoutMs ?? 0, resolve));
    return send(options, uncertain);
  };
  const began = clock.now();
  const calling = untilAnswered(siteOf(clock), {}, began + 20_000, slow);
  const error = await rejects<EtcdError>(clock.until(calling), { code: 'UNAVAILABLE', outcome: 'unknown' });
  assert.ok(error instanceof EtcdError);
  assert.equal(
    sent.slice(0, 3).map(({ timeoutMs }) => timeoutMs),
    [2_000, 4_000, 8_000],
  );
  assert.ok(clock.now() <= began + 20_000 && clock.now() > began + 15_000);
});

test('an error that no further try mends is thrown at once, as unknown if an earlier try may be applied', async () => {
  const clock = new FakeClock();
  const site = siteOf(clock);
  const refused = failure('PERMISSION_DENIED', 'not-applied');
  assert.is(await rejects(untilAnswered(site, {}, Infinity, answering([refused]).send)), refused);
  const after = answering([failure('UNAVAILABLE'), refused]);
  await rejects(clock.until(untilAnswered(site, {}, Infinity, after.send)), {
    code: 'PERMISSION_DENIED',
    outcome: 'unknown',
  });
  const reason = new Error('a reason');
  const aborted = untilAnswered(site, {}, Infinity, () => Promise.reject(reason));
  assert.is(await rejects(aborted), reason);
});

test('an abort ends a pause with its reason, and no timer stays', async () => {
  const clock = new FakeClock();
  const ending = new AbortController();
  const { send } = answering([failure('UNAVAILABLE')]);
  const calling = rejects(untilAnswered(siteOf(clock), { signal: ending.signal }, Infinity, send), /enough/);
  await settle();
  assert.is(clock.timers.size, 1);
  ending.abort(new Error('enough'));
  await calling;
  assert.is(clock.timers.size, 0);
  await rejects(sleep(5, { clock }, ending.signal), /enough/);
});

test('work goes on when its waiter is aborted, and its failure is handled', async () => {
  const ending = new AbortController();
  let fail = (_: Error): void => {};
  const work = new Promise<never>((_, reject) => (fail = reject));
  const waiting = rejects(abortable(work, ending.signal), /enough/);
  ending.abort(new Error('enough'));
  await waiting;
  fail(new Error('later'));
  await settle();
  await rejects(abortable(Promise.resolve(1), ending.signal), /enough/);
  assert.is(await abortable(Promise.resolve(1), undefined), 1);
});

test.run();
