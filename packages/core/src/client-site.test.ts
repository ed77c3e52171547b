import { assert, suite } from '@etcdts/testing';
import type { CallOptions } from './call.ts';
import { createClient } from './client.ts';
import { callOptionsOf, siteOf } from './client-site.ts';
import { isEtcdError } from './errors.ts';
import { wrapClient } from './wrap.ts';

const test = suite('what packages take from a client');

interface Own extends CallOptions {
  waiters?: number | undefined;
}
const own = { waiters: true } as const;
const any = (options: object): Own => options;

test('K-8 an operation of a package takes its own options, those of every call, and those of plugins', async () => {
  const plugin = { name: 'plugin', options: ['actor'] };
  await using client = createClient({
    endpoints: '127.0.0.1:1',
    interceptors: [{ ...plugin, unary: (next) => (call) => next(call) }],
  });
  await using wrapped = wrapClient(client, { options: ['tenant'] });
  const options = any({ waiters: 2, timeoutMs: 5, actor: 'a', tenant: 't' });
  assert.equal(callOptionsOf<Own>(wrapped, options, own), { timeoutMs: 5, actor: 'a', tenant: 't' });
  assert.equal(callOptionsOf<Own>(wrapped, undefined, own), {});
  for (const [given, message] of [
    [{ tenant: 't' }, /^INVALID_ARGUMENT: unknown option tenant; there are waiters, actor, signal, /],
    [{ waiter: 2 }, /^INVALID_ARGUMENT: unknown option waiter; did you mean waiters\?/],
    [{ timeoutMs: '5' }, /^INVALID_ARGUMENT: timeoutMs must be a number of milliseconds/],
  ] as const) {
    const refused = (error: unknown): boolean => isEtcdError(error, 'INVALID_ARGUMENT') && message.test(error.message);
    assert.throws(() => callOptionsOf<Own>(client, any(given), own), refused);
  }
});

test('K-8 K-11 a wrapped client has the clock, the random numbers, the log and the default deadline of its client', async () => {
  const lines: string[] = [];
  const line = (text: string): void => void lines.push(text);
  const logger = { debug: line, info: line, warn: line, error: line };
  await using client = createClient({ endpoints: '127.0.0.1:1', logger, requestTimeoutMs: 700 });
  await using wrapped = wrapClient(client, {});
  const site = siteOf(wrapped);
  assert.is(site, siteOf(client));
  assert.is(site.requestTimeoutMs, 700);
  site.logger.warn('a line');
  assert.match(lines.join('\n'), 'a line');
  assert.ok(site.clock.now() > 0 && site.random() < 1);
  assert.throws(() => siteOf({ ...client }), /^INVALID_ARGUMENT: client is no client of this package/);
});

test.run();
