// not about the server
// Tests the checks of packages that `npm run check` and `npm run release` make. The packed packages are tested in test/src/consumer.
import { spawnSync } from 'node:child_process';
import { assert, suite } from '@etcdts/testing';
import { root } from '../documents.ts';
import { script } from './scripts.ts';

const { startChecks } = await script('checks');
const { refusedLicenses, unknownBundled } = await script('licenses');
const { oversized } = await script('package-sizes');
const { absoluteLinks, repository } = await script('repository');

const test = suite('checks of packages');

test('a relative link becomes an address of the repository at the version', () => {
  const absolute = (text: string): string => absoluteLinks(text, 'packages/core', 'v1.2.3');
  const at = (kind: string, path: string): string => `${repository}/${kind}/v1.2.3/${path}`;
  assert.is(absolute('see [a](../../docs/watch.md).'), `see [a](${at('blob', 'docs/watch.md')}).`);
  assert.is(absolute('[a](../../docs/watch.md#x)'), `[a](${at('blob', 'docs/watch.md#x')})`);
  assert.is(absolute('[a](../auth)'), `[a](${at('tree', 'packages/auth')})`);
  assert.is(absolute('[a](../auth/)'), `[a](${at('tree', 'packages/auth/')})`);
  assert.is(absolute('![p](package.json)'), `![p](${at('raw', 'packages/core/package.json')})`);
  assert.is(absolute('[a]: README.md'), `[a]: ${at('blob', 'packages/core/README.md')}`);
});

test('no file names another address of the repository than package.json', () => {
  const { status, stdout } = spawnSync('git', ['grep', '-hoE', 'https://github\\.com/[A-Za-z0-9-]+/etcdts'], {
    cwd: root,
    encoding: 'utf8',
  });
  assert.is(status, 0, 'git finds that of package.json at least');
  assert.equal([...new Set(stdout.trim().split('\n'))], [repository]);
});

test('other links, and what only looks like a link, stay as they are', () => {
  for (const text of [
    '[a](https://example.org/x) and [b](#part) and [c](mailto:a@example.org)',
    '`[a](../nowhere)` and ``[b](../nowhere)``',
    '```ts\nconst a = b[c](d);\n```',
    'a [b] (c)',
  ])
    assert.is(absoluteLinks(text, 'packages/core', 'v1.2.3'), text);
});

test('a link to a file that is not in the repository is refused, with its place', () => {
  for (const link of ['../../docs/nothing.md', '../../../outside.md', 'docs/watch.md'])
    assert.throws(
      () => absoluteLinks(`[a](${link})`, 'packages/core', 'v1.2.3'),
      (error: Error) => error.message.startsWith(`packages/core links to ${link}, and there is no `),
    );
});

test('a license that is not in the list is refused; one that is among several is enough', () => {
  const one = [{ name: 'box', versions: ['1.0.0', '2.0.0'] }];
  assert.equal(refusedLicenses({ MIT: one, 'Apache-2.0': one, '(GPL-3.0 OR MIT)': one }), []);
  for (const license of ['GPL-3.0', 'Unknown', 'MIT AND GPL-3.0', '(GPL-3.0 OR AGPL-3.0)'])
    assert.equal(refusedLicenses({ [license]: one }), [
      `box 1.0.0, 2.0.0 has the license ${license}, which scripts/licenses.mjs does not allow`,
    ]);
});

test('a bundled package whose license was not checked is reported', () => {
  const text = `box 1.0.0\n\nMIT License\n\n${'-'.repeat(80)}\n\nlid 2.0.0\n\nMIT License\n`;
  const box = { name: 'box', versions: ['1.0.0'] };
  assert.equal(unknownBundled(text, { MIT: [box, { name: 'lid', versions: ['2.0.0'] }] }), []);
  assert.match(unknownBundled(text, { MIT: [box] }).join(), /^lid is bundled, and is no dependency/);
});

test('a package that is larger than its limit is reported, by each measure', () => {
  const limits = { core: { packed: 10, unpacked: 20, files: 2 }, others: { packed: 1, unpacked: 2, files: 1 } };
  const core = { name: '@etcdts/core', packed: 10_000, unpacked: 20_000, files: ['a', 'b'] };
  assert.equal(oversized([core], limits), []);
  assert.match(
    oversized([{ ...core, packed: 10_001 }], limits).join(),
    /^@etcdts\/core: packed 11 kB, the limit is 10 kB/,
  );
  assert.match(oversized([{ ...core, unpacked: 20_001 }], limits).join(), /unpacked 21 kB, the limit is 20 kB/);
  assert.match(oversized([{ ...core, files: ['a', 'b', 'c'] }], limits).join(), /files 3, the limit is 2\. /);
  assert.is(oversized([{ ...core, name: '@etcdts/new' }], limits).length, 3, 'a package without limits of its own');
});

test('checks print a line each, and what failed below it', async () => {
  const lines: string[] = [];
  const checks = startChecks((line) => lines.push(line));
  await checks.find('nothing', () => []);
  await checks.find('faults', () => ['one', 'two']);
  await checks.find('no answer', () => {
    throw new Error('broken');
  });
  checks.run('a script', 'published.mjs');
  checks.run('a script that is not there', 'nothing.mjs');
  assert.equal(lines.slice(0, 6), [
    'ok   nothing',
    ...['FAIL faults', '  | one\n  | two'],
    ...['FAIL no answer', '  | broken'],
    'ok   a script',
  ]);
  assert.is(lines[6], 'FAIL a script that is not there');
  assert.match(lines[7] ?? '', /Cannot find module/);
  assert.is(checks.failed, 3);
});

test.run();
