import { assert, suite } from '@etcdts/testing';
import { readFileSync } from 'node:fs';
import { VERSION } from './version.ts';

const test = suite('the version of the package');

test('is that of its package.json', () => {
  const file = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  assert.is(VERSION, (JSON.parse(file) as { version: string }).version);
});

test.run();
