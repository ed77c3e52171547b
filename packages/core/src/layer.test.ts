import { assert, deferred, rejects, suite } from '@etcdts/testing';
import { createClient, type EtcdClient } from './client.ts';
import type { EtcdOperations } from './operations.ts';
import type { Logger } from './logger.ts';
import { wrapClient } from './wrap.ts';

const test = suite('the end of wrapped clients');

const make = (logger?: Logger): EtcdClient => createClient({ endpoints: '127.0.0.1:1', logger });

/** Wraps a client by a wrapper that notes its end. */
function named(client: EtcdOperations, name: string, log: string[], end: () => unknown = () => {}) {
  return wrapClient(client, {
    async dispose() {
      log.push(name);
      await end();
      log.push(`${name} done`);
    },
  });
}

test('K-7 the close of a client ends every wrapper made of it, the outermost first, one after the other, once', async () => {
  const log: string[] = [];
  const client = make();
  const inner = named(client, 'inner', log);
  const plain = wrapClient(inner, {});
  const outer = named(plain, 'outer', log, () => Promise.resolve());
  const beside = named(client, 'beside', log);
  await Promise.all([client.close(), client.close()]);
  await Promise.all([outer, inner, beside, plain].map((one) => one[Symbol.asyncDispose]()));
  assert.equal(log, ['beside', 'beside done', 'outer', 'outer done', 'inner', 'inner done']);
});

test('the end of a wrapped client ends what is made of it, and neither what is beside nor what is below', async () => {
  const log: string[] = [];
  const client = make();
  const inner = named(client, 'inner', log);
  named(client, 'beside', log);
  named(wrapClient(inner, {}), 'outer', log);
  await inner[Symbol.asyncDispose]();
  assert.equal(log, ['outer', 'outer done', 'inner', 'inner done']);
  assert.is(client.describe().closed, false);
  await client.close();
  assert.equal(log.slice(4), ['beside', 'beside done']);
});

test('a client made by intercept ends the wrappers that are made of it, with itself or with its base', async () => {
  const log: string[] = [];
  const client = make();
  const derived = client.intercept();
  named(derived, 'of derived', log);
  await derived.close();
  assert.equal(log, ['of derived', 'of derived done']);
  named(client.intercept(), 'of another', log);
  await client.close();
  assert.equal(log.slice(2), ['of another', 'of another done']);
});

test('one that throws does not keep the others from their end: the disposer gets its error, a close logs it', async () => {
  const lines: string[] = [];
  const ignore = (): void => {};
  const client = make({ debug: ignore, info: ignore, warn: ignore, error: (line) => void lines.push(line) });
  const log: string[] = [];
  const fail = (): never => {
    throw new Error('not now');
  };
  const inner = named(client, 'inner', log);
  named(inner, 'outer', log, fail);
  const middle = wrapClient(inner, { dispose: fail });
  await rejects(middle[Symbol.asyncDispose](), /not now/);
  const failure = await rejects<AggregateError>(inner[Symbol.asyncDispose](), /not now/);
  assert.equal(log, ['outer', 'inner', 'inner done']);
  assert.not.instance(failure, AggregateError);

  const other = named(client, 'other', log);
  named(other, 'first', log, fail);
  named(other, 'second', log, fail);
  await client.close();
  assert.equal(log.slice(3), ['second', 'first', 'other', 'other done']);
  assert.is(lines.length, 1);
  assert.match(lines[0] as string, /2 wrappers did not end well/);
});

test('a wrapper that takes its time holds up no end but its own: calls are refused and connections closed meanwhile', async () => {
  const client = make();
  const held = deferred();
  named(client, 'slow', [], () => held.promise);
  const call = rejects(client.kv.get('k', { timeoutMs: Infinity }), { code: 'CLIENT_CLOSED' });
  let closed = false;
  const closing = client.close().then(() => (closed = true));
  await call;
  assert.is(closed, false);
  held.resolve();
  await closing;
});

test('a client that has ended is not wrapped: nothing would end the wrapper', async () => {
  const client = make();
  const inner = wrapClient(client, {});
  const plain = wrapClient(inner, {});
  await inner[Symbol.asyncDispose]();
  assert.throws(() => wrapClient(plain, {}), /CLIENT_CLOSED/);
  assert.throws(() => wrapClient(inner, {}), /CLIENT_CLOSED/);
  wrapClient(client, {});
  await client.close();
  assert.throws(() => wrapClient(client, {}), /CLIENT_CLOSED/);
});

test('a wrapper with nothing to end is not held by its client', async () => {
  const client = make();
  const gone: WeakRef<object>[] = [];
  for (let i = 0; i < 10; i++) gone.push(new WeakRef(wrapClient(client, {})));
  // Pressure in place of a forced collection, which needs a flag.
  for (let i = 0; i < 200 && gone.some((one) => one.deref() !== undefined); i++) {
    Array.from({ length: 100 }, () => new Uint8Array(100_000));
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.ok(gone.filter((one) => one.deref() === undefined).length >= 9);
  await client.close();
});

test.run();
