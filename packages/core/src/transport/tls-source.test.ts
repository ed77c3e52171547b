import { assert, settle, suite } from '@etcdts/testing';
import type { EtcdError } from '../errors.ts';
import { silentLogger } from '../logger.ts';
import { FakeTransport } from './fakes.test.kit.ts';
import type { Picker } from './picker.ts';
import { TlsSource } from './tls-source.ts';
import type { TlsLoader, TlsOptions } from './transport.ts';

const test = suite('TLS options that a function gives');

interface Bed {
  readonly transport: FakeTransport;
  readonly source: TlsSource;
  readonly picker: Picker;
  readonly warnings: string[];
  /** Calls made so far, to be answered by the test; the newest is the last. */
  readonly loads: { resolve(options: unknown): void; reject(reason: unknown): void }[];
  /** How the waits for a connection have ended. */
  readonly ends: (string | EtcdError)[];
  wait(): void;
}

function bed(beside: Partial<TlsLoader> = {}, endpoint = 'https://a:1'): Bed {
  const transport = new FakeTransport();
  const warnings: string[] = [];
  const loads: Bed['loads'] = [];
  const ends: Bed['ends'] = [];
  const load = (): Promise<TlsOptions> =>
    new Promise((resolve, reject) => void loads.push({ resolve: resolve as (options: unknown) => void, reject }));
  const logger = { ...silentLogger, warn: (line: string) => void warnings.push(line) };
  const source = new TlsSource({ load, ...beside }, { clock: transport.clock, logger, timeoutMs: 500 });
  const picker = transport.pickerWith(source, endpoint);
  const wait = (): void => {
    picker.wait(undefined, { onSlot: () => void ends.push('ready'), onFailure: (error) => void ends.push(error) });
  };
  return { transport, source, picker, warnings, loads, ends, wait };
}

/** The TLS options that connections were made with, in order: their server names. */
const used = ({ transport }: Bed): (string | undefined)[] => transport.tls.map((tls) => tls?.serverName);

/** Connected once, with good options named `first`, and lost. */
async function lostOnce(): Promise<Bed> {
  const one = bed();
  one.wait();
  one.loads[0]?.resolve({ serverName: 'first' });
  await settle();
  one.transport.to('https://a:1').ready();
  one.transport.to('https://a:1').lose();
  one.wait();
  assert.is(one.loads.length, 2);
  return one;
}

test('CF-09 K-10 are loaded for each new connection, which waits for them', async () => {
  const one = bed({ serverName: 'beside', insecureSkipVerify: true });
  one.wait();
  assert.is(one.transport.connections.length, 0);
  one.loads[0]?.resolve({});
  await settle();
  assert.equal(one.transport.tls[0], {
    ca: undefined,
    cert: undefined,
    key: undefined,
    serverName: 'beside',
    insecureSkipVerify: true,
  });
  one.transport.to('https://a:1').ready();
  assert.equal(one.ends, ['ready']);
  one.transport.to('https://a:1').lose();
  one.wait();
  one.loads[1]?.resolve({ serverName: 'loaded', insecureSkipVerify: false });
  await settle();
  assert.equal([used(one), one.transport.tls[1]?.insecureSkipVerify], [['beside', 'loaded'], false]);
  assert.equal(one.warnings, []);
});

test('CL-11 B-08 K-10 are not loaded for an endpoint without TLS', async () => {
  const one = bed({}, 'http://a:1');
  one.wait();
  assert.is(one.loads.length, 0);
  assert.equal(one.transport.tls, [undefined]);
});

const failures: readonly (readonly [string, (bed: Bed) => void | Promise<void>, RegExp])[] = [
  ['rejects', ({ loads }) => loads.at(-1)?.reject(new Error('no such file')), /no such file/],
  ['rejects without a reason', ({ loads }) => loads.at(-1)?.reject(undefined), /without a reason/],
  [
    'B12 rejects with what cannot be shown',
    ({ loads }) => loads.at(-1)?.reject(Object.create(null)),
    /cannot be shown/,
  ],
  ['gives no options', ({ loads }) => loads.at(-1)?.resolve(undefined), /must return TLS options, not undefined/],
  ['gives bad PEM', ({ loads }) => loads.at(-1)?.resolve({ cert: 'x', key: 'y' }), /tls\.cert holds no PEM/],
  ['gives half a pair', ({ loads }) => loads.at(-1)?.resolve({ cert: 'x' }), /tls\.key is missing/],
  ['takes too long', ({ transport }) => transport.clock.advance(500), /more than 500 ms/],
];
for (const [what, fail, reason] of failures) {
  test(`K-10 a load that ${what} is logged, and the last good options are used`, async () => {
    const one = await lostOnce();
    await fail(one);
    await settle();
    assert.equal(used(one), ['first', 'first']);
    assert.is(one.warnings.length, 1);
    assert.match(one.warnings[0] as string, reason);
    assert.match(one.warnings[0] as string, /last good/);
  });

  test(`K-10 a first load that ${what} fails the connection, as TLS, with the reason`, async () => {
    const one = bed();
    one.wait();
    await fail(one);
    await settle();
    const [error] = one.ends as [EtcdError];
    assert.equal([error.code, error.outcome], ['TLS_FAILED', 'not-applied']);
    assert.match(error.message, reason);
    assert.is(one.transport.connections.length, 0);
    assert.is(one.transport.clock.timers.size, 0);
  });
}

test('K-10 a load that throws fails as one that rejects', async () => {
  const one = bed({
    load() {
      throw new Error('thrown');
    },
  });
  one.wait();
  await settle();
  assert.match((one.ends[0] as EtcdError).message, /tls\.load failed: thrown/);
});

test('K-10 options that come too late for their connection are good for the next, and never replace newer ones', async () => {
  const one = await lostOnce();
  await one.transport.clock.advance(500);
  assert.equal(used(one), ['first', 'first']);
  one.loads[1]?.resolve({ serverName: 'late' });
  await settle();
  assert.is(one.source.last?.serverName, 'late');
  one.transport.to('https://a:1').ready();
  one.transport.to('https://a:1').lose();
  one.wait();
  await one.transport.clock.advance(500);
  one.transport.to('https://a:1').lose();
  one.wait();
  one.loads[3]?.resolve({ serverName: 'newest' });
  await settle();
  one.loads[2]?.resolve({ serverName: 'older' });
  await settle();
  assert.equal(used(one), ['first', 'first', 'late', 'newest']);
  assert.is(one.source.last?.serverName, 'newest');
});

test('K-10 a connection that is closed while its options are loaded is never made, and leaves no timer', async () => {
  const one = bed();
  one.wait();
  one.picker.close();
  assert.is(one.transport.clock.timers.size, 0);
  one.loads[0]?.resolve({});
  await settle();
  assert.is(one.transport.connections.length, 0);
});

test.run();
