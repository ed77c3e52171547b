import { readFileSync } from 'node:fs';
import { assert, suite } from '@etcdts/testing';
import { createClient } from './client.ts';
import { inOtherVersions, shared, VERSION } from './copies.ts';
import { EtcdError, invalidArgument, isEtcdError } from './errors.ts';
import { wrapClient } from './wrap.ts';

const test = suite('two copies of core');

test('the version is that of package.json', () => {
  const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as object;
  assert.is(VERSION, Reflect.get(manifest, 'version'));
});

test('share what the first one makes, and no property of the global object that can be listed', () => {
  const made = shared('a test', () => ({}));
  assert.is(
    shared('a test', () => ({})),
    made,
  );
  const global = Object.entries(Object.getOwnPropertyDescriptors(globalThis));
  assert.not.ok(global.some(([name, { enumerable }]) => name.includes('etcdts') && enumerable));
  assert.equal(inOtherVersions('a test'), []);
});

test('a client of another version is refused, with both versions and the remedy', async () => {
  const client = createClient({ endpoints: '127.0.0.1:1' });
  const foreign = { ...client };
  const versions = Reflect.get(globalThis, Symbol.for('@etcdts/core.copies')) as Map<string, Map<string, unknown>>;
  assert.throws(() => wrapClient(foreign, {}), /is no client of this package/);
  versions.set('9.8.7', new Map([['clients', new WeakSet([foreign])]]));
  assert.throws(
    () => wrapClient(foreign, {}),
    (error: unknown) =>
      isEtcdError(error, 'INVALID_ARGUMENT') && /core 9\.8\.7, .* uses 0\..*: install one version/.test(error.message),
  );
  versions.delete('9.8.7');
  await client.close();
});

test('E-02 instanceof EtcdError recognises an error of any copy, and a subclass only its own', () => {
  class Refused extends EtcdError {}
  const own = invalidArgument('key', 'is wrong');
  const other = Object.defineProperty(new Error('of another copy'), Symbol.for('@etcdts/core.EtcdError'), {
    value: true,
  });
  const refused = new Refused({ code: 'INTERNAL', message: 'refused', outcome: 'unknown' });
  assert.equal(
    [own, other, refused, new Error('plain'), {}, undefined].map((error) => error instanceof EtcdError),
    [true, true, true, false, false, false],
  );
  assert.equal(
    [own, other, refused].map((error) => error instanceof Refused),
    [false, false, true],
  );
});

test.run();
