import { assert, rejects, suite } from '@etcdts/testing';
import type { Interceptor } from '../call.ts';
import { createClient } from '../client.ts';
import { isConfidential, parseEndpoint } from '../transport/endpoints.ts';
import { fakeTransport, notCapable } from './fake-transport.test.kit.ts';

const test = suite('confidential calls');

/** Marks every call, as auth() does. */
const marking: Interceptor = {
  name: 'marking',
  unary: (next) => (call) => next({ ...call, confidential: true }),
  stream: (next) => (call) => next({ ...call, confidential: true }),
};

test('go over TLS, over a unix socket and within the machine; nowhere else', () => {
  const allowed = [
    'https://10.0.0.1',
    'unix:/tmp/x',
    '127.0.0.1',
    'http://127.9.9.9:1',
    '[::1]:2379',
    'localhost',
    'LocalHost:1',
  ];
  const refused = [
    'http://10.0.0.1',
    'etcd.example',
    '[::2]',
    '0.0.0.0',
    '[::]',
    '127.0.0.1.example',
    'localhost.example',
    '127.1',
    '2130706433',
    '128.0.0.1',
    '[fe80::1]',
  ];
  const answers = (list: string[]): boolean[] => list.map((text) => isConfidential(parseEndpoint(text, false)));
  assert.equal(
    answers(allowed),
    allowed.map(() => true),
  );
  assert.equal(
    answers(refused),
    refused.map(() => false),
  );
  assert.ok(isConfidential(parseEndpoint('10.0.0.1', true)), 'no scheme, but the client has TLS options');
});

test('fail towards another machine without TLS, naming it, with nothing sent: unary calls and streams', async () => {
  const transport = fakeTransport(() => notCapable);
  await using client = createClient({ endpoints: 'http://10.0.0.1:2379', transport, interceptors: [marking] });
  const expected = {
    code: 'INSECURE_ENDPOINT',
    endpoint: 'http://10.0.0.1:2379',
    outcome: 'not-applied',
    message: /10\.0\.0\.1/,
  };
  await rejects(client.kv.put('a', 'b'), expected);
  await rejects(client.watch('a').created, expected);
  await rejects(client.lease.keepAliveOnce(1n), expected);
  assert.equal(transport.reached, []);
});

test('fail so on endpoints that came later, were named by the call, or belong to a derived client', async () => {
  const transport = fakeTransport(() => notCapable);
  await using client = createClient({ endpoints: '127.0.0.1:1', transport, interceptors: [marking] });
  await rejects(client.kv.get('a'), { code: 'NOT_CAPABLE' });
  await rejects(client.kv.get('a', { endpoint: '10.0.0.2:1' }), { code: 'INSECURE_ENDPOINT', endpoint: '10.0.0.2:1' });
  client.setEndpoints(['10.0.0.3:1']);
  await rejects(client.kv.get('a'), { code: 'INSECURE_ENDPOINT' });
  await rejects(client.intercept().kv.get('a'), { code: 'INSECURE_ENDPOINT' });
  assert.equal(
    transport.reached.map(({ address }) => address),
    ['127.0.0.1:1'],
  );
});

test('are what a caller says they are; others go everywhere', async () => {
  const transport = fakeTransport(() => notCapable);
  await using client = createClient({ endpoints: '10.0.0.1:1', transport });
  await rejects(client.kv.get('a', { metadata: { token: 'sentinel-token' }, confidential: true }), {
    code: 'INSECURE_ENDPOINT',
  });
  assert.is(transport.reached.length, 0);
  await rejects(client.kv.get('a', { metadata: { token: 'sentinel-token' } }), { code: 'NOT_CAPABLE' });
  assert.is(transport.reached.length, 1);
});

test.run();
