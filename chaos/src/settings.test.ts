import { assert, suite } from '@etcdts/testing';
import { MUTANTS, mutantNamed } from './mutants/mutants.ts';
import { readSettings } from './settings.ts';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const test = suite('settings of chaos');

test('are what the command line says', () => {
  const { minutes, seed, etcd, transport } = readSettings(['--minutes', '0.5', '--seed', '7', '--etcd', '3.7.1']);
  assert.equal([minutes, seed, etcd, transport], [0.5, 7, '3.7.1', 'both']);
  assert.is(readSettings(['--transport', 'http2']).transport, 'http2');
  assert.is(readSettings([]).minutes, 1);
});

for (const [args, said] of [
  [['--minutes', 'ten'], /--minutes must be a number from 0 to 600, not ten/],
  [['--minutes', '0'], /--minutes/],
  [['--seed', '1.5'], /--seed must be a whole number, not 1.5/],
  [['--transport', 'http3'], /--transport must be grpc, http2 or both, not http3/],
  [['--speed', '3'], /--speed/],
  [['20'], /20/],
  [['--mutant', 'no-such'], /--mutant must be one of .*resume-at-last/],
] as const) {
  test(`${args.join(' ')} is refused`, () => {
    assert.throws(() => readSettings(args), said);
  });
}

test('every mutant fits the built files, and has a name of its own', () => {
  const root = fileURLToPath(new URL('../..', import.meta.url));
  for (const { name, file, find, replace } of MUTANTS) {
    assert.is(readFileSync(join(root, file), 'utf8').split(find).length, 2, `${name} has no place in ${file}`);
    assert.is.not(find, replace);
    assert.is(mutantNamed(name).name, name);
  }
  assert.is(new Set(MUTANTS.map(({ name }) => name)).size, MUTANTS.length);
  assert.ok(MUTANTS.length >= 20);
});

test.run();
