import { assert, FakeClock, suite } from '@etcdts/testing';
import { connectionTo } from './addresses.ts';
import { parseEndpoint } from './endpoints.ts';
import { FakeConnection } from './fakes.test.kit.ts';
import type { Lookup } from './lookup.ts';
import type { Connection } from './transport.ts';

const test = suite('addresses of a name');

interface Bed {
  readonly clock: FakeClock;
  readonly connection: Connection;
  /** What was reported, in words. */
  readonly log: string[];
  /** The addresses that were tried, in order. */
  ips(): (string | undefined)[];
  /** The newest connection to an address. */
  at(ip: string): FakeConnection;
}

function connecting(endpoint: string, lookup: Lookup): Bed {
  const clock = new FakeClock();
  const made: FakeConnection[] = [];
  const log: string[] = [];
  const connection = connectionTo(
    parseEndpoint(endpoint, false),
    { tls: undefined, keepalive: undefined, maxReceiveBytes: 1_000 },
    {
      lookup,
      clock,
      connect(one) {
        const fake = new FakeConnection(one);
        made.push(fake);
        return fake;
      },
    },
  );
  connection.connect({
    onReady: () => void log.push('ready'),
    onLost: ({ details, tls }) => void log.push(`lost ${details}${tls ? ' (TLS)' : ''}`),
    onCrowded: (limit) => void log.push(`crowded ${limit}`),
  });
  return {
    clock,
    connection,
    log,
    ips: () => made.map((one) => one.endpoint.ip),
    at: (ip) => made.findLast((one) => one.endpoint.ip === ip) as FakeConnection,
  };
}

const gives =
  (...ips: string[]): Lookup =>
  (_, done) =>
    done(undefined, ips);

test('an address that fails is followed by the next one at once; the first that stands is used', () => {
  const { ips, at, log, clock, connection } = connecting('http://etcd:1', gives('1', '2', '3', '4'));
  assert.equal(ips(), ['1']);
  at('1').lose('refused');
  assert.equal(ips(), ['1', '2']);
  at('2').lose('bad certificate', true);
  at('3').ready();
  assert.equal([ips(), log], [['1', '2', '3'], ['ready']]);
  assert.equal([at('1').state, at('2').state, at('3').state], ['closed', 'closed', 'ready']);
  assert.is(clock.timers.size, 0);
  // Name and port are those of the endpoint, for TLS and :authority.
  assert.equal([at('3').endpoint.host, at('3').endpoint.port], ['etcd', 1]);
  connection.start('/x', {}, { onMessage() {}, onEnd() {} });
  assert.is(at('3').calls.length, 1);
  connection.close(false);
  assert.is(at('3').state, 'draining');
});

test('an address that accepts and stays silent does not hold up the next one, nor is it given up', async () => {
  const { ips, at, log, clock } = connecting('http://etcd:1', gives('1', '2'));
  await clock.advance(249);
  assert.equal(ips(), ['1']);
  await clock.advance(1);
  assert.equal(ips(), ['1', '2']);
  at('1').ready();
  assert.equal([log, at('2').state], [['ready'], 'closed']);
  at('1').crowd(3);
  at('1').lose('gone');
  assert.equal(log.slice(1), ['crowded 3', 'lost gone']);
});

test('many addresses are all tried within 2 s', async () => {
  const all = Array.from({ length: 50 }, (_, i) => `${i}`);
  const { ips, at, connection, clock } = connecting('http://etcd:1', gives(...all));
  await clock.advance(2_000);
  assert.equal(ips(), all);
  connection.close(true);
  assert.ok(all.every((ip) => at(ip).state === 'closed'));
});

test('the failure names each address; it is one of TLS only if it was at all of them', () => {
  const mixed = connecting('https://etcd:1', gives('1', '2'));
  mixed.at('1').lose('bad certificate', true);
  mixed.at('2').lose('connect ECONNREFUSED');
  assert.equal(mixed.log, ['lost 1: bad certificate, 2: connect ECONNREFUSED']);
  const tls = connecting('https://etcd:1', gives('1', '2'));
  tls.at('1').lose('bad certificate', true);
  tls.at('2').lose('expired', true);
  assert.equal(tls.log, ['lost 1: bad certificate, 2: expired (TLS)']);
  const one = connecting('https://etcd:1', gives('1'));
  one.at('1').lose('refused');
  assert.equal(one.log, ['lost refused']);
});

test('an IP address and a unix socket are connected to as they are', () => {
  const lookup: Lookup = () => {
    throw new Error('looked up');
  };
  for (const endpoint of ['http://10.0.0.1:1', 'http://[::1]:1', 'unix:/s']) {
    assert.equal(connecting(endpoint, lookup).ips(), [undefined]);
  }
});

test('a fully qualified name is looked up with its final dot, and an address that comes twice is tried once', () => {
  const names: string[] = [];
  const { ips, at } = connecting('http://etcd.svc.:1', (host, done) => {
    names.push(host);
    done(undefined, ['1', '1', '2']);
  });
  assert.equal(names, ['etcd.svc.']);
  at('1').lose();
  assert.equal(ips(), ['1', '2']);
});

test('a lookup that fails or finds no address is the failure', () => {
  const failed = connecting('http://etcd:1', (_, done) => done(new Error('getaddrinfo ENOTFOUND etcd'), []));
  assert.equal(failed.log, ['lost getaddrinfo ENOTFOUND etcd']);
  assert.equal(connecting('http://etcd:1', gives()).log, ['lost the name has no address']);
});

test('what is closed reports nothing more: not the lookup, not a connection', async () => {
  let answer = (): void => {};
  const looking = connecting('http://etcd:1', (_, done) => (answer = () => done(undefined, ['1'])));
  looking.connection.close(true);
  answer();
  assert.equal(looking.ips(), []);
  const trying = connecting('http://etcd:1', gives('1', '2'));
  trying.connection.close(false);
  assert.is(trying.at('1').state, 'closed');
  trying.at('1').ready();
  await trying.clock.advance(2_000);
  assert.equal([trying.log, trying.ips(), trying.clock.timers.size], [[], ['1'], 0]);
});

test.run();
