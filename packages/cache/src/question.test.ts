import type { ResponseHeader } from '@etcdts/core';
import { FakeClock, assert, deferred, rejects, settle, suite, type Deferred } from '@etcdts/testing';
import { Question } from './question.ts';
import { Waits } from './waits.ts';

const test = suite('what reads of a copy wait for');
const header = (revision: bigint): ResponseHeader => ({ clusterId: 1n, memberId: 1n, revision, raftTerm: 1n });

function asking(): { readonly question: Question; readonly sent: Deferred<ResponseHeader>[] } {
  const sent: Deferred<ResponseHeader>[] = [];
  const read = (): Promise<ResponseHeader> => {
    const answer = deferred<ResponseHeader>();
    sent.push(answer);
    return answer.promise;
  };
  return { sent, question: new Question(read) };
}

test('CC-04 a question that is under way answers nobody who came later; those share the next one', async () => {
  const { question, sent } = asking();
  const first = question.answer();
  const later = [question.answer(), question.answer()];
  assert.is(sent.length, 1);
  sent[0]?.resolve(header(1n));
  assert.is((await first).revision, 1n);
  await settle();
  assert.is(sent.length, 2);
  const last = question.answer();
  sent[1]?.resolve(header(2n));
  for (const answer of later) assert.is((await answer).revision, 2n);
  await settle();
  assert.is(sent.length, 3);
  sent[2]?.resolve(header(3n));
  assert.is((await last).revision, 3n);
  await settle();
  const fresh = question.answer();
  assert.is(sent.length, 4);
  sent[3]?.resolve(header(4n));
  await fresh;
});

test('CC-04 a question that fails is followed by the next one', async () => {
  const { question, sent } = asking();
  const first = rejects(question.answer(), /gone/);
  const next = question.answer();
  sent[0]?.reject(new Error('gone'));
  await first;
  await settle();
  sent[1]?.resolve(header(2n));
  assert.is((await next).revision, 2n);
});

test('TestWaitMethods TestSetUnblocksWaiters: waits end when what they wait for holds, by time, by abort, or with the copy', async () => {
  const clock = new FakeClock();
  const waits = new Waits(clock);
  let revision = 1;
  const at = (target: number, options = {}): Promise<void> => waits.until(() => revision >= target, options, true);
  await at(1);
  assert.not.ok(waits.forBookmarks);
  const two = at(2);
  const three = rejects(at(3, { timeoutMs: 100 }), { code: 'DEADLINE_EXCEEDED' });
  const controller = new AbortController();
  const four = rejects(at(4, { signal: controller.signal }), /enough/);
  assert.ok(waits.forBookmarks);
  revision = 2;
  waits.look();
  await two;
  await clock.advance(100);
  await three;
  controller.abort(new Error('enough'));
  await four;
  assert.not.ok(waits.forBookmarks);
  assert.is(clock.timers.size, 0);
  // TestResetUnblocksWaiters
  const five = rejects(at(5), /over/);
  waits.fail(new Error('over'));
  await five;
  await rejects(at(6), /over/);
});

test('TestIdempotentStateTransitions: to hold again, to fail again, or to abort after the end changes nothing', async () => {
  const waits = new Waits(new FakeClock());
  let ready = false;
  const controller = new AbortController();
  const one = waits.until(() => ready, { signal: controller.signal });
  ready = true;
  waits.look();
  waits.look();
  controller.abort(new Error('too late'));
  await one;
  // It is not ready any more, and then again.
  ready = false;
  const two = waits.until(() => ready, {});
  waits.look();
  ready = true;
  waits.look();
  await two;
  ready = false;
  const three = rejects(
    waits.until(() => ready, {}),
    /first/,
  );
  waits.fail(new Error('first'));
  await three;
  // clientv3's latch has no end; here the last reason is the one that later waits get.
  waits.fail(new Error('second'));
  waits.look();
  await rejects(
    waits.until(() => ready, {}),
    /second/,
  );
});

test.run();
