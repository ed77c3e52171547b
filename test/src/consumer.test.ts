// limit: 400 s
// runs alone
// What is published, and that it works for those who install it: other compilers, module systems, bundlers.
import { execFile } from 'node:child_process';
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { assert, startEtcd, suite, type EtcdServer } from '@etcdts/testing';
import { build } from 'esbuild';
import { root } from './documents.ts';

const execute = promisify(execFile);
const test = suite('the published packages', { timeoutMs: 60_000, hookTimeoutMs: 240_000 });
const names = (await readdir(join(root, 'packages'))).filter((name) => name !== 'proto').sort();
/** What is published in bundles; of the others, what the compiler made. */
const bundles = ['core', 'embedded'];
const compilers = ['5.9.3', '6.0.3', '7.0.2'];
const programs = ['program', 'injection', 'plugin', 'embedded'];
/** The embedded etcd requires its libraries when it runs, so that a bundle of it needs them beside it. */
const bundled = programs.filter((program) => program !== 'embedded');

/** Folders of an application outside the repository: ESM, its twin that is CommonJS, and one that has nothing installed. */
const places = { app: '', commonJs: '', bare: '' };
let scratch = '';
let etcd: EtcdServer;

/** Runs a program to its end and returns what it printed. Its failure shows all that it printed. */
async function run(program: string, args: readonly string[], cwd: string): Promise<string> {
  const env = { ...process.env, ETCD_ENDPOINT: etcd.endpoint, ETCDTS_TEST_REPORT_FD: undefined, TEST_NAME: undefined };
  try {
    return (await execute(program, args, { cwd, env, timeout: 200_000 })).stdout;
  } catch (error) {
    const { stdout, stderr } = error as { readonly stdout: string; readonly stderr: string };
    throw new Error(`${program} ${args.join(' ')}\n${stdout}${stderr}`, { cause: error });
  }
}

const node = (args: readonly string[], cwd: string): Promise<string> => run(process.execPath, args, cwd);
const installed = (name: string): string => join(scratch, 'node_modules', '@etcdts', name);

async function filesOf(name: string): Promise<string[]> {
  const entries = await readdir(installed(name), { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  return files.map((file) => join(file.parentPath, file.name).slice(installed(name).length + 1)).sort();
}

test.before(async () => {
  etcd = await startEtcd();
  scratch = await mkdtemp(join(tmpdir(), 'etcdts-consumer-'));
  for (const name of Object.keys(places) as (keyof typeof places)[]) places[name] = join(scratch, name);
  places.bare = await mkdtemp(join(tmpdir(), 'etcdts-bundled-'));
  const published = ['--filter', './packages/*', '--filter', '!@etcdts/proto'];
  await node([join(root, 'scripts/pm.mjs'), '-r', ...published, 'pack', '--pack-destination', scratch], root);
  const tarballs = (await readdir(scratch)).filter((name) => name.endsWith('.tgz'));
  await writeFile(join(scratch, 'package.json'), JSON.stringify({ private: true }));
  const typescripts = compilers.map((version) => `typescript-${version}@npm:typescript@${version}`);
  const others = ['@types/node@20', 'tsyringe@4', 'reflect-metadata@0.2'];
  const packages = [...tarballs.map((name) => `./${name}`), ...typescripts, ...others];
  const flags = [
    '--prefix',
    scratch,
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
    '--prefer-offline',
    '--loglevel=error',
  ];
  await run('npm', ['install', ...flags, ...packages], scratch);
  for (const [place, type] of [
    [places.app, 'module'],
    [places.commonJs, 'commonjs'],
  ] as const) {
    await cp(join(root, 'test/consumer'), place, { recursive: true });
    await writeFile(join(place, 'package.json'), JSON.stringify({ type }));
  }
});

test.after(async () => {
  await etcd?.close();
  await rm(scratch, { recursive: true, force: true });
  await rm(places.bare, { recursive: true, force: true });
});

test('hold the code, its types, a README and the license, and nothing else', async () => {
  const always = ['LICENSE', 'README.md', 'package.json'];
  for (const name of names) {
    const built = bundles.includes(name) ? /^dist\/.+\.d\.ts$/ : /^dist\/.+(\.d\.ts|\.js|\.js\.map)$/;
    const files = await filesOf(name);
    const lib = files.filter((file) => file.startsWith('lib/'));
    const dist = files.filter((file) => built.test(file));
    const data = files.filter((file) => file.startsWith('dashboard/'));
    assert.equal(files, [...always, ...data, ...dist, ...lib].sort(), name);
    assert.equal(
      dist.filter((file) => /\.test\b/.test(file)),
      [],
    );
    const source = await readdir(join(root, 'packages', name, 'src'), { recursive: true });
    const expected = source.filter((file) => file.endsWith('.ts') && !/\.test\b/.test(file));
    const stems = new Set(dist.map((file) => file.replace(/^dist\//, '').replace(/(\.d\.ts|\.js|\.js\.map)$/, '.ts')));
    assert.equal([...stems].sort(), expected.sort(), name);
  }
  const lib = (await filesOf('core')).filter((file) => file.startsWith('lib/') && !file.endsWith('.map'));
  const plain = lib.map((file) => file.replace(/-[0-9A-Z]{8}\.js$/, '.js'));
  assert.equal(plain, [
    'lib/LICENSES.txt',
    'lib/chunk.js',
    'lib/chunk.js',
    'lib/chunk.js',
    'lib/descriptor.js',
    'lib/grpc-connection.js',
    'lib/grpc-grpc-js.cjs',
    'lib/grpc-proto-loader.cjs',
    'lib/index.js',
    'lib/plugin.js',
    'lib/proto-loader.js',
    'lib/tsyringe.cjs',
  ]);
});

test('have one copy of the code behind both entries of core', async () => {
  const lib = join(installed('core'), 'lib');
  const sources: string[] = [];
  for (const file of (await readdir(lib)).filter((name) => name.endsWith('.js'))) {
    const heads = (await readFile(join(lib, file), 'utf8')).matchAll(/^\/\/ (src\/\S+\.ts)$/gm);
    sources.push(...new Set(Array.from(heads, ([, source]) => source as string)));
  }
  assert.ok(sources.includes('src/errors.ts') && sources.includes('src/wrap.ts'));
  assert.equal(sources.sort(), [...new Set(sources)]);
});

test('need nothing that is not published: the descriptor of the protos is in both bundles', async () => {
  for (const name of names) {
    const text = await readFile(join(installed(name), 'package.json'), 'utf8');
    const { devDependencies: _, ...manifest } = JSON.parse(text) as Record<string, unknown>;
    assert.not.match(JSON.stringify(manifest), /@etcdts\/proto/);
    for (const file of (await filesOf(name)).filter((path) => /\.(js|cjs|d\.ts)$/.test(path)))
      assert.not.match(await readFile(join(installed(name), file), 'utf8'), /@etcdts\/proto/, `${name}/${file}`);
  }
  const holders = async (name: string): Promise<string[]> => {
    const found = [];
    for (const file of (await filesOf(name)).filter((path) => /^lib\/.*\.c?js$/.test(path)))
      if (/"?DeleteRangeRequest"?: ?\{/.test(await readFile(join(installed(name), file), 'utf8'))) found.push(file);
    return found.map((file) => file.replace(/-[0-9A-Z]{8}\.js$/, '.js'));
  };
  // In core it is a file of its own, which only the first call with a rare message loads.
  assert.equal(await holders('core'), ['lib/descriptor.js']);
  assert.equal(await holders('embedded'), ['lib/cli.cjs', 'lib/index.js']);
});

test('bring the licenses of what is bundled in them, and nothing else is bundled in core', async () => {
  const licensed = async (name: string): Promise<string[]> => {
    const text = await readFile(join(installed(name), 'lib/LICENSES.txt'), 'utf8');
    return text.split(/^-{80}$/m).map((license) => license.trim().split(' ', 1)[0] as string);
  };
  assert.equal(await licensed('core'), ['reflect-metadata', 'tslib', 'tsyringe']);
  assert.ok((await licensed('embedded')).includes('@grpc/grpc-js'));
});

test('say in package.json what they are, and name no place that is not public', async () => {
  for (const name of names) {
    const text = await readFile(join(installed(name), 'package.json'), 'utf8');
    const manifest = JSON.parse(text) as Record<string, unknown>;
    const code = bundles.includes(name) ? './lib/index.js' : './dist/index.js';
    const exported = manifest['exports'] as Record<string, unknown>;
    assert.equal(exported['.'], { types: './dist/index.d.ts', default: code });
    const plugin = { types: './dist/plugin.d.ts', default: './lib/plugin.js' };
    assert.equal(exported['./plugin'], name === 'core' ? plugin : undefined);
    assert.is(exported['./package.json'], './package.json');
    assert.is(manifest['type'], 'module');
    assert.is(manifest['license'], 'Apache-2.0');
    assert.equal(manifest['engines'], { node: '>=20.19' });
    assert.ok(manifest['description']);
    assert.equal(manifest['sideEffects'], name === 'core' ? ['./dist/container.js', './lib/*'] : false);
    const peers = manifest['peerDependencies'] as Record<string, string> | undefined;
    // A server needs no client.
    const alone = name === 'core' || name === 'embedded';
    assert.is(peers?.['@etcdts/core'], alone ? undefined : `^${manifest['version']}`);
    assert.not.match(text, /workspace:|catalog:/);
    assert.equal([...text.matchAll(/https?:\/\/[^"]*/g)].map(String), []);
  }
});

test('bring a command where they say so, that needs no other file', async () => {
  const manifest = JSON.parse(await readFile(join(installed('embedded'), 'package.json'), 'utf8')) as { bin: object };
  assert.equal(manifest.bin, { 'etcdts-embedded': './lib/cli.cjs' });
  await cp(join(installed('embedded'), 'lib/cli.cjs'), join(places.bare, 'cli.cjs'));
  assert.match(await node(['cli.cjs', '--help'], places.bare), /--listen/);
});

test('name tsyringe in their types only where options take it, and add nothing to the types of Reflect', async () => {
  const tsc = join(scratch, 'node_modules', `typescript-${compilers[0]}`, 'bin/tsc');
  await writeTsconfig(places.app, 'nodenext', ['program.ts']);
  const listed = (await node([tsc, '-p', places.app, '--listFilesOnly'], scratch)).trim().split('\n');
  const ours = listed.filter((file) => file.includes('/node_modules/@etcdts/'));
  assert.ok(ours.length > 20);
  const found = [];
  for (const file of ours) {
    const imports = (await readFile(file, 'utf8')).matchAll(/^(?:import|export)\b(?:[^;]*\bfrom)? ?'([^.'][^']*)';$/gm);
    for (const [, module] of imports) found.push(`${file.split('/@etcdts/')[1]} ${module}`);
  }
  assert.equal(
    found.filter((line) => !/ (node:.*|@etcdts\/core(\/plugin)?)$/.test(line)),
    ['core/dist/options.d.ts tsyringe'],
  );
  assert.equal(
    listed.filter((file) => file.includes('/reflect-metadata/')),
    [],
  );
});

async function writeTsconfig(place: string, mode: 'nodenext' | 'bundler', files: readonly string[]): Promise<void> {
  const module = mode === 'nodenext' ? 'nodenext' : 'esnext';
  const compilerOptions = {
    ...{ module, moduleResolution: mode, target: 'es2022', lib: ['es2022', 'esnext.disposable'], types: ['node'] },
    ...{ strict: true, exactOptionalPropertyTypes: true, skipLibCheck: false, rootDir: '.', outDir: 'out' },
  };
  await writeFile(join(place, 'tsconfig.json'), JSON.stringify({ compilerOptions, files }));
}

for (const version of compilers) {
  test(`compile with TypeScript ${version}: as ESM and CommonJS of Node, and for bundlers, libraries checked`, async () => {
    const tsc = join(scratch, 'node_modules', `typescript-${version}`, 'bin/tsc');
    for (const [place, mode] of [
      [places.app, 'bundler'],
      [places.app, 'nodenext'],
      [places.commonJs, 'nodenext'],
    ] as const) {
      await writeTsconfig(place, mode, ['program.ts', 'injection.ts', 'plugin.ts', 'embedded.ts', 'suite.ts']);
      await node([tsc, '-p', place], scratch);
    }
  });
}

for (const program of programs) {
  test(`run as ESM: ${program}`, async () => {
    assert.is(await node([`out/${program}.js`], places.app), 'done\n');
  });

  test(`run when required by CommonJS: ${program}`, async () => {
    const path = join(places.commonJs, `out/${program}.js`);
    assert.match(await readFile(path, 'utf8'), /require\("@etcdts\/core"\)/);
    assert.is(await node([path], places.commonJs), 'done\n');
  });

  for (const format of bundled.includes(program) ? (['cjs', 'esm'] as const) : []) {
    test(`run bundled into one ${format} file, with nothing installed beside it: ${program}`, async () => {
      const outfile = join(places.bare, `${program}.${format === 'cjs' ? 'cjs' : 'mjs'}`);
      // CommonJS dependencies require Node's modules, which an ES module cannot without this.
      const js = "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";
      const banner = format === 'esm' ? { js } : {};
      const entryPoints = [join(places.app, `${program}.ts`)];
      const { warnings } = await build({ entryPoints, outfile, bundle: true, platform: 'node', format, banner });
      assert.equal(warnings, []);
      assert.is(await node([outfile], places.bare), 'done\n');
    });
  }
}

test('load grpc-js only if it is the transport', async () => {
  const program = (transport: string): string => `
    import { createClient } from '@etcdts/core';
    import { grpcTransport } from '@etcdts/core/plugin';
    import { createRequire } from 'node:module';
    const none = {
      name: 'none',
      connect: (endpoint) => ({
        endpoint,
        connect: (observer) => setImmediate(() => observer.onLost({ details: 'no network', tls: false })),
        start() {},
        close() {},
      }),
    };
    const client = createClient({ endpoints: process.env.ETCD_ENDPOINT, transport: ${transport} });
    await client.kv.get('colour').catch(() => {});
    await client.cluster.memberList().catch(() => {});
    await client.close();
    const modules = Object.keys(createRequire(import.meta.url).cache);
    console.log(modules.filter((name) => name.includes('@grpc/grpc-js')).length);
  `;
  const count = async (transport: string): Promise<number> => {
    await writeFile(join(places.app, 'modules.mjs'), program(transport));
    return Number(await node(['modules.mjs'], places.app));
  };
  assert.is(await count('none'), 0);
  assert.ok((await count('grpcTransport()')) > 10);
});

test('test an application on a real etcd', async () => {
  assert.match(await node(['out/suite.js'], places.app), /Passed:\s+1/);
});

test.run();
