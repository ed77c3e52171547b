import { getEventListeners } from 'node:events';
import { assert, rejects, suite } from '@etcdts/testing';
import { createClient } from './client.ts';
import { fakeTransport } from './pipeline/fake-transport.test.kit.ts';

const test = suite('the signal of a client');

const silent = (): ReturnType<typeof fakeTransport> => fakeTransport(() => undefined);

test('CF-14 K-10 closes the client when it aborts: calls and watches end, and nothing begins any more', async () => {
  const controller = new AbortController();
  const { signal } = controller;
  const client = createClient({ endpoints: 'a:1', transport: silent(), signal });
  const derived = client.intercept();
  const [call, other] = [client, derived].map((one) => rejects(one.kv.get('k'), { code: 'CLIENT_CLOSED' }));
  const watch = client.watch('k');
  const reading = rejects(
    (async () => {
      for await (const _ of watch);
      throw new Error('ended well');
    })(),
    /ended well/,
  );
  assert.is(client.describe().closed, false);
  controller.abort();
  await Promise.all([call, other, reading]);
  assert.is(client.describe().closed, true);
  await rejects(client.kv.get('k'), { code: 'CLIENT_CLOSED' });
  await client.close();
});

test('K-10 that is aborted already makes a client that is closed, and connects nowhere', async () => {
  const transport = silent();
  const client = createClient({ endpoints: 'a:1', transport, signal: AbortSignal.abort() });
  await rejects(client.kv.get('k'), { code: 'CLIENT_CLOSED', outcome: 'not-applied' });
  assert.is(client.describe().closed, true);
  assert.equal(transport.reached, []);
});

test('K-10 that outlives the client keeps no listener of it', async () => {
  const { signal } = new AbortController();
  const listeners = (): number => getEventListeners(signal, 'abort').length;
  const client = createClient({ endpoints: 'a:1', transport: silent(), signal });
  assert.is(listeners(), 1);
  await client.close();
  assert.is(listeners(), 0);
});

test.run();
