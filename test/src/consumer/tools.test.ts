// limit: 900 s
// runs alone
// not about the server
// Runs the published packages where other tools than Node and its compiler have them: bundled by Rollup and webpack, in Jest, in Bun
// and Deno, and over the oldest grpc-js that core accepts.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { assert, suite } from '@etcdts/testing';
import { bundled, InstalledPackages, onlyCommonJs, programs } from './installed-packages.ts';

const test = suite('the published packages in', { timeoutMs: 300_000, hookTimeoutMs: 300_000 });

const tools = [
  'rollup@4.68.8',
  '@rollup/plugin-commonjs@29.0.3',
  '@rollup/plugin-json@6.1.0',
  '@rollup/plugin-node-resolve@16.0.3',
  'webpack@5.113.0',
  'webpack-cli@7.3.1',
  'jest@30.5.2',
];

/** The packages with the runtimes themselves; those that npm knows as `bun` and `deno` fetch one of these. */
const platform = `${process.platform}-${process.arch}`;
const bun = {
  'linux-x64': '@oven/bun-linux-x64',
  'linux-arm64': '@oven/bun-linux-aarch64',
  'darwin-x64': '@oven/bun-darwin-x64',
  'darwin-arm64': '@oven/bun-darwin-aarch64',
}[platform];
const deno = {
  'linux-x64': '@deno/linux-x64-glibc',
  'linux-arm64': '@deno/linux-arm64-glibc',
  'darwin-x64': '@deno/darwin-x64',
  'darwin-arm64': '@deno/darwin-arm64',
}[platform];

let packages: InstalledPackages;

test.before(async () => {
  const runtimes = [bun && `${bun}@1.4.5`, deno && `${deno}@2.9.6`].filter((one) => one !== undefined);
  packages = await InstalledPackages.install({ more: [...tools, ...runtimes] });
  await packages.compile('app', sources);
  await packages.compile('commonJs', sources);
});

test.after(async () => {
  await packages?.[Symbol.asyncDispose]();
});

const suites = ['suite', 'contracts', 'faults', 'connections'];
const sources = [...programs, ...suites].map((name) => `${name}.ts`);
const program = (name: string): string => join(packages.scratch, 'node_modules', name);

/** Runs suites of uvu and returns how many of their tests passed. All must. */
async function passed(run: Promise<string>): Promise<number> {
  const [, total, , passing] = /Total: +(\d+)(\s+)Passed: +(\d+)/.exec(await run) ?? [];
  assert.is(passing, total);
  return Number(passing);
}

for (const [name, bundle] of [
  ['Rollup', () => packages.node([program('rollup/dist/bin/rollup'), '--config', '--silent'], packages.app)],
  ['webpack', () => packages.node([program('webpack/bin/webpack.js'), '--config', 'webpack.config.cjs'], packages.app)],
] as const) {
  test(`bundles of ${name}, ES modules and CommonJS, with nothing installed beside them`, async () => {
    await bundle();
    for (const one of bundled)
      for (const end of ['mjs', 'cjs'])
        assert.is(
          await packages.node([`${one}-${name.toLowerCase()}.${end}`], packages.bare),
          'done\n',
          `${one} ${end}`,
        );
  });
}

test('Jest, as it is set up by default', async () => {
  const path = join(packages.commonJs, 'jest/application.test.js');
  const count = (await readFile(path, 'utf8')).match(/^test\(/gm)?.length;
  const results = JSON.parse(await packages.node([program('jest/bin/jest.js'), '--json'], packages.commonJs)) as object;
  assert.is(Reflect.get(results, 'numPassedTests'), count);
});

for (const [name, runtime, file, args] of [
  ['Bun', bun, 'bin/bun', []],
  ['Deno', deno, 'deno', ['run', '--allow-all', '--no-check', '--no-remote', '--no-lock']],
] as const) {
  const run = (path: string): Promise<string> =>
    packages.run(program(join(String(runtime), file)), [...args, path], packages.scratch);
  if (runtime === undefined) {
    test.skip(`${name}: TypeScript, ES modules and CommonJS`, `there is no package of it for ${platform}`);
    continue;
  }
  test(`${name}: programs of TypeScript, of ES modules and of CommonJS`, async () => {
    for (const one of programs)
      for (const path of [`app/${one}.ts`, `app/out/${one}.js`, `commonJs/out/${one}.js`])
        assert.is(await run(path), 'done\n', path);
  });

  test(`${name}: the contracts of the client, its tests, and what happens under faults`, async () => {
    const counts = await Promise.all(suites.slice(0, 3).map((one) => passed(run(`app/out/${one}.js`))));
    assert.ok(counts[0] === 1 && (counts[1] ?? 0) > 100 && (counts[2] ?? 0) >= 4, counts.join());
  });
}

test('Node over the oldest grpc-js that core accepts, and over the newest', async () => {
  const versionOf = async (path: string): Promise<string> =>
    (JSON.parse(await readFile(join(path, 'package.json'), 'utf8')) as { version: string }).version;
  const manifest = await readFile(packages.path('core', 'package.json'), 'utf8');
  const { dependencies } = JSON.parse(manifest) as { dependencies: Record<string, string> };
  const [, oldest = ''] = /^\^(\d+\.\d+\.\d+)$/.exec(dependencies['@grpc/grpc-js'] ?? '') ?? [];
  assert.is.not(oldest, '', 'the range is a caret range');
  await using older = await InstalledPackages.install({
    packedBy: packages,
    overrides: { '@grpc/grpc-js': oldest },
  });
  assert.is(await versionOf(join(older.scratch, 'node_modules/@grpc/grpc-js')), oldest);
  assert.is.not(await versionOf(program('@grpc/grpc-js')), oldest);
  for (const place of ['app', 'commonJs'] as const) await older.compile(place, sources);
  for (const one of programs) {
    assert.is(await older.node([`out/${one}.js`], older.app), 'done\n', one);
    assert.is(await older.node([onlyCommonJs, `out/${one}.js`], older.commonJs), 'done\n', one);
  }
  const runs = [older, packages].flatMap((place) =>
    ['connections', 'faults'].map((one) => passed(place.node([`out/${one}.js`], place.app))),
  );
  const [connections = 0] = await Promise.all(runs);
  assert.ok(connections > 30);
});

test.run();
