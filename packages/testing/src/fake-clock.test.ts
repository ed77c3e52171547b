import { createClient, type EtcdClient } from '@etcdts/core';
import type { InterceptorSite, Interceptor } from '@etcdts/core/plugin';
import { rejects } from './eventually.ts';
import { FakeClock, settle } from './fake-clock.ts';
import { assert, suite } from './suite.ts';
import { withSite } from './with-site.ts';

const test = suite('fake clock and site');

test('timers run in the order in which they are due, also those that others set, and none before its time', async () => {
  const clock = new FakeClock();
  const ran: [string, number][] = [];
  const note = (name: string) => () => void ran.push([name, clock.now() - 1_000]);
  clock.after(20, note('late'));
  clock.after(5, () => {
    note('early')();
    clock.after(5, note('from early'));
  });
  const cancelled = clock.after(1, note('cancelled'), true);
  assert.is(clock.holding, true);
  cancelled.cancel();
  assert.is(clock.holding, false);
  await clock.advance(19);
  assert.equal(ran, [
    ['early', 5],
    ['from early', 10],
  ]);
  clock.block(5);
  assert.is(ran.length, 2);
  await clock.advance(0);
  assert.equal(ran.at(-1), ['late', 24]);
});

test('until passes time until the work is settled, and settles as it does', async () => {
  const clock = new FakeClock();
  const pause = (ms: number): Promise<void> => new Promise((resolve) => clock.after(ms, resolve));
  const work = async (): Promise<string> => {
    await pause(60_000);
    await settle();
    await pause(1);
    return 'done';
  };
  assert.is(await clock.until(work()), 'done');
  assert.is(clock.time - 1_000, 60_001);
  await rejects(clock.until(pause(5).then(() => Promise.reject(new Error('no')))), /no/);
});

test('withSite changes what an interceptor sees of its site, and keeps one site for each client', async () => {
  const seen = new Set<InterceptorSite>();
  const clock = new FakeClock();
  const inner: Interceptor = {
    name: 'inner',
    options: ['actor'],
    unary: (next, _method, site) => (seen.add(site), next),
    stream: (next, _method, site) => (seen.add(site), next),
  };
  const interceptor = withSite(inner, { clock, random: () => 0.25 });
  const clients: EtcdClient[] = [1, 2].map(() =>
    createClient({ endpoints: '127.0.0.1:1', interceptors: [interceptor] }),
  );
  assert.is(seen.size, 2);
  for (const site of seen) assert.equal([site.clock === clock, site.random()], [true, 0.25]);
  assert.equal(interceptor.options, ['actor']);
  for (const client of clients) await client.close();
});

test.run();
