// limit: 300 s
// not about the server
import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { assert, suite } from '@etcdts/testing';
import { root } from '../documents.ts';
import { script } from './scripts.ts';

const { nodeFaults, readWorkflows, stepFaults } = await script('workflows');
const { chooseServers } = await script('etcd');
const { commentOf } = await script('bench-comment');

// The first run builds actionlint.
const test = suite('workflows', { timeoutMs: 300_000 });
const real = readWorkflows();

test('run scripts of the repository only, and pin what they use', () => {
  assert.equal(stepFaults(real), []);
  const steps = (text: string): readonly string[] => stepFaults({ ...real, workflows: { 'x.yml': `    - ${text}\n` } });
  assert.equal(steps('run: npm test'), []);
  assert.equal(steps('run: npm run release -- --dry-run'), []);
  for (const command of ['npm ci', 'npx prettier', 'npm run nothing', 'npm test && rm -r x', '|', 'echo npm test'])
    assert.equal(steps(`run: ${command}`), [`x.yml runs \`${command}\`, which is no script of package.json`]);
  const commit = '3d3c42e5aac5ba805825da76410c181273ba90b1';
  assert.equal(steps(`uses: actions/checkout@${commit} # v7.0.1`), []);
  assert.equal(steps('uses: ./.github/workflows/test.yml'), []);
  for (const action of ['actions/checkout@v7', `actions/checkout@${commit}`, 'actions/checkout@main # v7.0.1'])
    assert.equal(steps(`uses: ${action}`), [`x.yml uses ${action}, which is not pinned to a commit with its version`]);
});

test('every place that names a version of Node names those that are promised', () => {
  assert.equal(nodeFaults(real), []);
  const matrix = (versions: string): Readonly<Record<string, string>> => ({
    ...real.workflows,
    'test.yml': `  node: [${versions}]`,
  });
  for (const [changed, fault] of [
    [{ nvmrc: '22.0' }, /^\.nvmrc is 22\.0, and the oldest Node of package\.json is 20\.19$/],
    [{ manifest: { ...real.manifest, engines: { node: '>=22.1' } } }, /^engines of @etcdts\/auth is not >=22\.1/],
    [{ manifest: { ...real.manifest, engines: { node: '20' } } }, /it must be as >=20\.19$/],
    [{ workflows: matrix('22, 24') }, /test\.yml tests on 22, 24: the first must be 20/],
    [{ workflows: matrix('20, 28') }, /docs\/versioning\.md does not name Node 28/],
    [{ workflows: { ...real.workflows, 'x.yml': 'container: node:18-trixie' } }, /x\.yml runs on Node 18/],
    [{ devcontainer: 'javascript-node:22-bookworm' }, /the image of the devcontainer is not one of Node 20/],
    [{ workspace: "'@types/node': ^22.0.0" }, /@types\/node in pnpm-workspace\.yaml is not that of Node 20\.19/],
    [{ versioning: '| 22, 24, 26 ' }, /docs\/versioning\.md does not name Node 20\.19/],
  ] as const)
    assert.match(nodeFaults({ ...real, ...changed }).join('\n'), fault);
});

test('actionlint accepts them, and refuses a mistake with its place', async ({ skip }) => {
  const lint = (...files: string[]): { readonly status: number | null; readonly stdout: string } =>
    spawnSync(process.execPath, ['scripts/actionlint.mjs', ...files], { cwd: root, encoding: 'utf8' });
  const { status, stdout } = lint();
  if (status === 77) skip(stdout.trim());
  assert.is(status, 0, stdout);
  const folder = await mkdtemp(join(tmpdir(), 'etcdts-workflow-'));
  try {
    const file = join(folder, 'planted.yml');
    const planted = (real.workflows['test.yml'] ?? '').replace('${{ matrix.node }}', '${{ matrix.nodes }}');
    assert.not.equal(planted, real.workflows['test.yml']);
    await writeFile(file, planted);
    const refused = lint(file);
    assert.is(refused.status, 1);
    assert.match(refused.stdout, /planted\.yml:\d+:\d+: property "nodes" is not defined/);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('versions of etcd are chosen by their beginnings, and an unknown one is refused', () => {
  const versions = (list?: string): readonly string[] => chooseServers(list).map(({ version }) => version);
  const all = versions();
  assert.equal(versions(''), all);
  assert.equal(
    versions('3.7, 3.4'),
    all.filter((version) => /^3\.[47]\./.test(version)),
  );
  assert.equal(versions('3.5.16'), ['3.5.16']);
  assert.throws(() => versions('3.4,3.5.1'), /^ETCD_VERSIONS has 3\.5\.1: there is 3\.4\./);
});

test('the comment of a benchmark has the goals that do not hold, and fits', () => {
  const rows = ['| holds | a | 1 | at most 2 |', '| missed | b | 3 | at most 2 |', '| close | c | 2.1 | at most 2 |'];
  const comment = commentOf(`# Benchmark\n\n${rows.join('\n')}\n`);
  assert.ok(comment.startsWith('**Benchmark**: 1 of 3 goals hold.\n\n| verdict'));
  assert.ok(comment.includes(`${rows[1]}\n${rows[2]}\n\n<details>`));
  assert.ok(commentOf(`${rows.join('\n')}\n${'x'.repeat(70_000)}`).length < 1_000);
  assert.throws(() => commentOf('# Benchmark\n'), /no goals/);
});

test.run();
