import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { assert, suite, type Suite } from '@etcdts/testing';
import type { Call } from './call.ts';
import type { DiagnosticsMessages } from './diagnostics.ts';
import { diagnostics } from './diagnostics.ts';
import { Bench } from './lease/fakes.test.kit.ts';
import { methods } from './methods.ts';
import { FakeTransport } from './transport/fakes.test.kit.ts';
import type { Waiter } from './transport/picker.ts';
import { UNAVAILABLE, FakeEtcd } from './watch/fakes.test.kit.ts';
import { UnaryCall } from './wire/unary-call.ts';
import { wireParts } from './wire/wire-parts.test.kit.ts';

const test: Suite = suite('diagnostics channels');

type Name = keyof DiagnosticsMessages;
const NAMES: readonly Name[] = [
  'etcdts:connection:connect',
  'etcdts:connection:ready',
  'etcdts:connection:lost',
  'etcdts:connection:close',
  'etcdts:stream:resumed',
  'etcdts:watch:parked',
  'etcdts:lease:lost',
  'etcdts:call:waits',
];

/** What is published while the test runs: names without their prefix, and messages. */
let seen: [name: string, message: unknown][] = [];
const listener = (message: unknown, name: string | symbol): void =>
  void seen.push([String(name).replace('etcdts:', ''), message]);
const listen = (): void => NAMES.forEach((name) => subscribe(name, listener));
const ignore = (): void => NAMES.forEach((name) => unsubscribe(name, listener));

test.before.each(() => {
  seen = [];
  listen();
});
test.after.each(ignore);

const waiter = (): Waiter => ({ onSlot() {}, onFailure() {} });

test('D20 report the life of connections: connect, lost, connect, ready, lost, close', async () => {
  const transport = new FakeTransport();
  const picker = transport.picker('a:1');
  const endpoint = 'a:1';
  picker.wait(undefined, waiter());
  await transport.clock.advance(20);
  transport.to(endpoint).lose('connect ECONNREFUSED', false);
  await transport.clock.advance(5_000);
  picker.wait(undefined, waiter());
  await transport.clock.advance(30);
  transport.to(endpoint).ready();
  await transport.clock.advance(1_000);
  transport.to(endpoint).dismiss();
  picker.wait(undefined, waiter());
  transport.to(endpoint).ready();
  await transport.clock.advance(10);
  picker.close();
  const lost = { endpoint, tls: false };
  const reason = 'the peer ends the connection';
  assert.equal(seen, [
    ['connection:connect', { endpoint, failures: 0 }],
    [
      'connection:lost',
      { ...lost, reason: 'connect ECONNREFUSED', connected: false, graceful: false, durationMs: 20, failures: 1 },
    ],
    ['connection:connect', { endpoint, failures: 1 }],
    ['connection:ready', { endpoint, durationMs: 30 }],
    ['connection:lost', { ...lost, reason, connected: true, graceful: true, durationMs: 1_000, failures: 0 }],
    ['connection:connect', { endpoint, failures: 0 }],
    ['connection:ready', { endpoint, durationMs: 0 }],
    ['connection:close', { endpoint, connected: true, durationMs: 10 }],
  ]);
});

test('D20 a connection whose peer announces the end is logged as information, any other loss as a warning', () => {
  const transport = new FakeTransport();
  const picker = transport.picker('a:1');
  picker.wait(undefined, waiter());
  transport.to('a:1').ready();
  transport.to('a:1').dismiss();
  picker.wait(undefined, waiter());
  transport.to('a:1').ready();
  transport.to('a:1').lose('the connection was lost');
  assert.equal(transport.log, ['info: a:1: the peer ends the connection', 'a:1: the connection was lost']);
});

test('D20 report that calls wait: for a connection, and for a stream of one', () => {
  const transport = new FakeTransport();
  const parts = wireParts(transport, ['a:1']);
  const call = (endpoint?: string): Call<typeof methods.put> =>
    ({ method: methods.put, request: { key: Buffer.from('k') }, metadata: {}, deadline: Infinity, endpoint }) as never;
  const ignored = (): void => {};
  new UnaryCall(call(), parts, ignored, ignored).begin();
  new UnaryCall(call('b:1'), parts, ignored, ignored).begin();
  transport.to('a:1').crowd(2);
  transport.to('a:1').crowd(2);
  assert.equal(
    seen.filter(([name]) => name === 'call:waits').map(([, message]) => message),
    [
      { for: 'connection', method: 'KV.Put' },
      { for: 'connection', method: 'KV.Put', endpoint: 'b:1' },
      { for: 'stream', endpoint: 'a:1', limit: 2 },
      { for: 'stream', endpoint: 'a:1', limit: 2 },
    ],
  );
});

test('D20 report that the watches of a lost stream go on, once, with how long that took in all', async () => {
  const etcd = new FakeEtcd();
  await Promise.all([etcd.live(), etcd.live()]);
  await etcd.clock.advance(10_000);
  etcd.current.fail(UNAVAILABLE);
  await etcd.clock.advance(100);
  etcd.current.fail(UNAVAILABLE);
  await etcd.clock.advance(400);
  assert.equal(seen, []);
  etcd.current.created(1);
  etcd.current.created(2);
  assert.equal(seen, [['stream:resumed', { method: 'Watch.Watch', count: 2, reason: 'UNAVAILABLE', durationMs: 500 }]]);
});

test('OPT-20 D20 report that a watch is parked', async () => {
  const etcd = new FakeEtcd();
  await etcd.live(100, {}, { maxBufferedBytes: 100 });
  etcd.current.events(1, [101], { takes: 1_012 });
  assert.equal(seen, [['watch:parked', { bufferedBytes: 1_012 }]]);
});

test('D20 report that renewals go on over another stream, and that a lease is lost; not one that is revoked here', async () => {
  const etcd = new Bench();
  const keepAlive = etcd.service.keepAlive(7n, {});
  etcd.latest.answer(7n, 9);
  await etcd.clock.advance(3_100);
  await etcd.latest.fail('UNAVAILABLE');
  await etcd.clock.advance(50);
  etcd.latest.answer(7n, 9);
  const reason = 'UNAVAILABLE: said by the test';
  assert.equal(seen, [['stream:resumed', { method: 'Lease.LeaseKeepAlive', count: 1, reason, durationMs: 50 }]]);
  const revoked = etcd.service.keepAlive(8n, {});
  await etcd.service.revoke({ id: 8n }, {});
  await etcd.clock.advance(9_500);
  assert.ok(keepAlive.signal.aborted && revoked.signal.aborted);
  assert.equal(
    seen.slice(1).filter(([name]) => name === 'lease:lost'),
    [['lease:lost', { id: 7n, code: 'LEASE_LOST' }]],
  );
  assert.is(JSON.stringify(seen.at(-1)?.[1]), '{"id":"7","code":"LEASE_LOST"}');
});

test('D20 nothing is made for a channel without subscribers', () => {
  ignore();
  for (const topic of Object.values(diagnostics)) assert.is(topic.hasSubscribers, false);
  const transport = new FakeTransport();
  transport.picker('a:1').wait(undefined, waiter());
  listen();
  assert.equal(seen, []);
});

test.run();
