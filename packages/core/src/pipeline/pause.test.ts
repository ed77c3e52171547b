import { assert, deferred, FakeClock, rejects, settle, suite } from '@etcdts/testing';
import type { Call, InterceptorSite } from '../call.ts';
import { pause } from './pause.ts';

const test = suite('pause');
const call = {} as Call;

function fake(): { clock: FakeClock; site: InterceptorSite; ending: { reject(reason: unknown): void } } {
  const clock = new FakeClock();
  const ending = deferred<never>();
  ending.promise.catch(() => {});
  const wait = (_: Call, work: Promise<unknown>): Promise<unknown> => Promise.race([work, ending.promise]);
  return { clock, ending, site: { clock, wait } as unknown as InterceptorSite };
}

test('it lasts as long as requested, and holds the process', async () => {
  const { clock, site } = fake();
  let over = false;
  const pausing = pause(50, call, site).then(() => (over = true));
  assert.equal(
    [...clock.timers].map(({ hold }) => hold),
    [true],
  );
  await clock.advance(49);
  assert.is(over, false);
  await clock.advance(1);
  await pausing;
  await pause(0, call, site);
  assert.is(clock.armed, 1);
});

test('it ends when the reader leaves, or with the call, and no timer stays', async () => {
  const { clock, site, ending } = fake();
  const left = new AbortController();
  const first = pause(50, call, site, left.signal);
  left.abort();
  await first;
  await pause(50, call, site, left.signal);
  const second = pause(50, call, site, new AbortController().signal);
  ending.reject('late');
  assert.is(await rejects(second), 'late');
  await settle();
  assert.is(clock.timers.size, 0);
});

test.run();
