import { assert, FakeClock, suite } from '@etcdts/testing';
import { LongWaits } from './long-waits.ts';

const test = suite('long waits');

function bed(): { readonly clock: FakeClock; readonly waits: LongWaits<string>; readonly reports: string[] } {
  const clock = new FakeClock();
  const reports: string[] = [];
  return {
    clock,
    waits: new LongWaits<string>(clock, (target) => reports.push(`${target} at ${clock.time - 1_000}`)),
    reports,
  };
}

test('D20 one call that waits for 10 s is reported, once', async () => {
  const { clock, waits, reports } = bed();
  waits.begin('a');
  await clock.advance(5_000);
  waits.begin('a');
  waits.begin('b');
  await clock.advance(4_999);
  assert.equal(reports, []);
  await clock.advance(30_000);
  assert.equal(reports, ['a at 10000']);
  waits.begin('c');
  await clock.advance(30_000);
  assert.is(reports.length, 1);
  assert.is(clock.timers.size, 0);
});

test('D20 calls one after the other, with pauses in between, are one wait', async () => {
  const { clock, waits, reports } = bed();
  for (let turn = 0; turn < 20; turn++) {
    waits.begin('a');
    await clock.advance(50);
    waits.leave('a');
    assert.is(clock.timers.size, 0);
    await clock.advance(950);
  }
  assert.equal(reports, ['a at 10000']);
});

test('D20 a connection that stands, or a pause of more than 3 s, begins another wait', async () => {
  const { clock, waits, reports } = bed();
  waits.begin('a');
  await clock.advance(9_000);
  waits.end('a');
  waits.leave('a');
  waits.begin('a');
  await clock.advance(9_000);
  waits.leave('a');
  await clock.advance(3_001);
  waits.begin('a');
  await clock.advance(9_000);
  waits.leave('a');
  assert.equal(reports, []);
  assert.is(clock.timers.size, 0);
});

test('D20 the wait of one call goes on when another gives up; no timer holds the process', async () => {
  const { clock, waits, reports } = bed();
  waits.begin('a');
  waits.begin('a');
  waits.leave('a');
  assert.is(clock.holding, false);
  await clock.advance(10_000);
  assert.equal(reports, ['a at 10000']);
});

test('D20 nothing is reported after close', async () => {
  const { clock, waits, reports } = bed();
  waits.begin('a');
  waits.close();
  await clock.advance(20_000);
  assert.equal(reports, []);
});

test.run();
