import { assert, settle, suite } from '@etcdts/testing';
import { container } from 'tsyringe';
import { createClient, type EtcdClient } from './client.ts';
import { silentLogger, type Logger } from './logger.ts';
import { tokens } from './tokens.ts';
import { FakeTransport } from './transport/fakes.test.kit.ts';

const test = suite('a client that waits for a connection');

interface Bed {
  readonly transport: FakeTransport;
  readonly client: EtcdClient;
}

function bed(logger?: Logger): Bed {
  const transport = new FakeTransport();
  const { clock } = transport;
  const application = container.createChildContainer().register(tokens.clock, { useValue: clock });
  return { transport, client: createClient({ endpoints: ['a:1', 'b:1'], transport, container: application, logger }) };
}

let warnings: string[] = [];
const listener = (warning: Error & { code?: string }): void =>
  void warnings.push(`${warning.code}: ${warning.message}`);
test.before.each(() => {
  warnings = [];
  process.on('warning', listener);
});
test.after.each(() => void process.off('warning', listener));

/** Lets time pass while every attempt to connect fails. */
async function refuse({ transport }: Bed, ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 100) {
    for (const connection of transport.connections)
      if (connection.state === 'connecting') connection.lose('ECONNREFUSED');
    await transport.clock.advance(100);
  }
  await settle();
}

const TEXT = 'etcdts: calls or watches have waited 10 s for a connection: a:1: ECONNREFUSED; b:1: ECONNREFUSED';

test('D20 warns the process once for all its watches, after 10 s, if it has no logger', async () => {
  const one = bed();
  const watches = [one.client.watch('a'), one.client.intercept({ name: 'more', unary: (next) => next }).watch('b')];
  await refuse(one, 9_000);
  assert.equal(warnings, []);
  await refuse(one, 31_000);
  assert.equal(warnings, [`ETCDTS_NO_CONNECTION: ${TEXT} (a logger, or NODE_DEBUG=etcdts, shows more)`]);
  for (const watch of watches) await watch.cancel();
  await one.client.close();
});

test('D20 writes a warning of its log instead, if it has a logger', async () => {
  const lines: unknown[][] = [];
  const one = bed({ ...silentLogger, warn: (...line) => void lines.push(line) });
  const watch = one.client.watch('a');
  await refuse(one, 30_000);
  const waited = lines.filter(([line]) => String(line).includes('have waited'));
  assert.equal(waited, [[TEXT, { reasons: 'a:1: ECONNREFUSED; b:1: ECONNREFUSED' }]]);
  assert.equal(warnings, []);
  await watch.cancel();
  await one.client.close();
});

test('D20 warns of one call that waits for the endpoint that it names, while others work', async () => {
  const one = bed();
  const call = one.client.kv.get('k', { endpoint: 'c:1', timeoutMs: 60_000 }).catch(() => {});
  const watch = one.client.watch('a');
  for (const address of ['a:1', 'b:1']) one.transport.to(address).ready();
  for (let passed = 0; passed < 11_000; passed += 100) await one.transport.clock.advance(100);
  // It fails with the connect deadline, and nothing asks again.
  assert.equal(warnings, []);
  await call;
  const again = one.client.watch('b', { endpoint: 'c:1' });
  await refuse(one, 12_000);
  assert.equal(warnings, [
    'ETCDTS_NO_CONNECTION: etcdts: calls or watches have waited 10 s for a connection: c:1: ECONNREFUSED (a logger, or NODE_DEBUG=etcdts, shows more)',
  ]);
  await Promise.all([watch.cancel(), again.cancel()]);
  await one.client.close();
  assert.is(one.transport.clock.timers.size, 0);
});

test('D20 does not warn of calls that fail at once and are not made again', async () => {
  const one = bed();
  for (let call = 0; call < 4; call++) {
    one.client.kv.get('k').catch(() => {});
    await refuse(one, 5_000);
  }
  assert.equal(warnings, []);
  await one.client.close();
});

test.run();
