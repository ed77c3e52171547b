// not about the server
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { assert, suite } from '@etcdts/testing';
import { root } from './documents.ts';

const test = suite('wall clock');

/** A queue names its items by the time, as clientv3's recipe does. No duration comes from it. */
const NAMES_BY_TIME = 'packages/queue/src/queue.ts';

test('H40 no package reads the wall clock, so that its changes change no duration', () => {
  const packages = readdirSync(join(root, 'packages'));
  const sources = packages.flatMap((name) =>
    readdirSync(join(root, 'packages', name, 'src'), { recursive: true, encoding: 'utf8' })
      .filter((file) => /(?<!\.test|\.test\.kit)\.ts$/.test(file))
      .map((file) => `packages/${name}/src/${file}`),
  );
  assert.ok(sources.length > 200, 'the packages are elsewhere');
  const readers = sources.filter((file) => /\bDate\.now\b|\bnew Date\b/.test(readFileSync(join(root, file), 'utf8')));
  assert.equal(readers, [NAMES_BY_TIME]);
});

test.run();
