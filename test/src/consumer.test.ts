// limit: 400 s
// runs alone
// Tests the published packages as they are installed, with other compilers, module systems and bundlers.
import { cp, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { assert, suite } from '@etcdts/testing';
import { build } from 'esbuild';
import { root } from './documents.ts';
import { compilers, InstalledPackages, names } from './installed-packages.ts';

const test = suite('the published packages', { timeoutMs: 60_000, hookTimeoutMs: 240_000 });
/** The packages that are published as bundles. The others are published as compiled. */
const bundles = ['core', 'embedded'];
const programs = ['program', 'injection', 'plugin', 'rare', 'embedded'];
/** The embedded etcd requires its libraries when it runs, so that a bundle of it needs them beside it. */
const bundled = programs.filter((program) => program !== 'embedded');
/** Without it, Node gives a program that requires the packages the ES modules. */
const onlyCommonJs = '--no-experimental-require-module';
let packages: InstalledPackages;

test.before(async () => {
  packages = await InstalledPackages.install();
});

test.after(async () => {
  await packages?.[Symbol.asyncDispose]();
});

const filesOf = (name: string): Promise<string[]> => packages.filesOf(name);
const readInstalled = (name: string, file: string): Promise<string> => readFile(packages.path(name, file), 'utf8');

test('hold the code, its types, both as CommonJS too, a README and the license, and nothing else', async () => {
  const always = ['LICENSE', 'README.md', 'package.json'];
  for (const name of names) {
    const built = bundles.includes(name) ? /^dist\/.+\.d\.ts$/ : /^dist\/.+(\.d\.ts|\.js|\.js\.map)$/;
    const files = await filesOf(name);
    const of = (folder: string): string[] => files.filter((file) => file.startsWith(`${folder}/`));
    const [lib, cjs, data] = [of('lib'), of('cjs'), of('dashboard')];
    const dist = files.filter((file) => built.test(file));
    assert.equal(files, [...always, ...data, ...dist, ...lib, ...cjs].sort(), name);
    assert.equal(
      files.filter((file) => /\.test\b/.test(file)),
      [],
    );
    const source = await readdir(join(root, 'packages', name, 'src'), { recursive: true });
    const expected = source.filter((file) => file.endsWith('.ts') && !/\.test\b/.test(file));
    const stems = new Set(dist.map((file) => file.replace(/^dist\//, '').replace(/(\.d\.ts|\.js|\.js\.map)$/, '.ts')));
    assert.equal([...stems].sort(), expected.sort(), name);

    const types = dist.filter((file) => file.endsWith('.d.ts'));
    const entries = name === 'core' ? ['index', 'plugin'] : ['index'];
    const code = ['all.js', 'all.js.map', 'package.json', ...entries.map((entry) => `${entry}.js`)];
    const copies = types.map((file) => file.replace(/^dist/, 'cjs'));
    assert.equal(cjs, [...copies, ...code.map((file) => `cjs/${file}`)].sort(), name);
    assert.equal(JSON.parse(await readInstalled(name, 'cjs/package.json')), { type: 'commonjs' });
    for (const [i, file] of types.entries())
      assert.is(await readInstalled(name, copies[i] as string), await readInstalled(name, file));
  }
  const lib = (await filesOf('core')).filter((file) => file.startsWith('lib/') && !file.endsWith('.map'));
  assert.equal(lib, [
    'lib/LICENSES.txt',
    'lib/core.js',
    'lib/grpc-grpc-js.cjs',
    'lib/index.js',
    'lib/plugin.js',
    'lib/tsyringe.cjs',
  ]);
});

test('have one copy of the code behind both entries of core', async () => {
  const lib = packages.path('core', 'lib');
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
    const text = await readInstalled(name, 'package.json');
    const { devDependencies: _, ...manifest } = JSON.parse(text) as Record<string, unknown>;
    assert.not.match(JSON.stringify(manifest), /@etcdts\/proto/);
    for (const file of (await filesOf(name)).filter((path) => /\.(js|cjs|d\.ts)$/.test(path)))
      assert.not.match(await readInstalled(name, file), /@etcdts\/proto/, `${name}/${file}`);
  }
  const holders = async (name: string): Promise<string[]> => {
    const found = [];
    for (const file of (await filesOf(name)).filter((path) => /^(lib|cjs)\/.*\.c?js$/.test(path)))
      if (/"DeleteRangeRequest":\{/.test(await readInstalled(name, file))) found.push(file);
    return found;
  };
  assert.equal(await holders('core'), ['cjs/all.js', 'lib/core.js']);
  assert.equal(await holders('embedded'), ['cjs/all.js', 'lib/cli.cjs', 'lib/index.js']);
});

test('bring the licenses of what is bundled in them, and nothing else is bundled in core', async () => {
  const licensed = async (name: string): Promise<string[]> => {
    const text = await readInstalled(name, 'lib/LICENSES.txt');
    return text.split(/^-{80}$/m).map((license) => license.trim().split(' ', 1)[0] as string);
  };
  assert.equal(await licensed('core'), ['reflect-metadata', 'tslib', 'tsyringe']);
  assert.ok((await licensed('embedded')).includes('@grpc/grpc-js'));
});

test('say in package.json what they are, and name no place that is not public', async () => {
  for (const name of names) {
    const text = await readInstalled(name, 'package.json');
    const manifest = JSON.parse(text) as Record<string, unknown>;
    const exported = manifest['exports'] as Record<string, unknown>;
    // One copy for each process if it can be had: bundlers and a Node that can require ES modules have only this one.
    const entry = (stem: string): object => {
      const esm = { types: `./dist/${stem}.d.ts`, default: `./${bundles.includes(name) ? 'lib' : 'dist'}/${stem}.js` };
      const required = { types: `./cjs/${stem}.d.ts`, default: `./cjs/${stem}.js` };
      return { 'module-sync': esm, module: esm, require: required, default: esm };
    };
    // The first condition that fits is taken.
    const inOrder = (value: unknown): string => JSON.stringify(value);
    assert.is(inOrder(exported['.']), inOrder(entry('index')), name);
    assert.is(inOrder(exported['./plugin']), name === 'core' ? inOrder(entry('plugin')) : undefined);
    // For compilers that read no exports.
    const { main, types, typesVersions } = manifest as Record<string, unknown>;
    assert.equal({ main, types }, { main: './cjs/index.js', types: './cjs/index.d.ts' });
    const older: Record<string, unknown> = {
      core: { '*': { plugin: ['./cjs/plugin.d.ts'] } },
      metrics: { '*': { 'dashboard.json': ['./dashboard/etcdts.json'] } },
    };
    assert.equal(typesVersions, older[name]);
    const files = Object.values(exported).filter((path) => typeof path === 'string');
    for (const path of files) assert.ok(await readInstalled(name, path), path);
    assert.is(exported['./package.json'], './package.json');
    assert.is(manifest['type'], 'module');
    assert.is(manifest['license'], 'Apache-2.0');
    assert.equal(manifest['engines'], { node: '>=20.19' });
    assert.ok(manifest['description']);
    assert.equal(manifest['sideEffects'], name === 'core' ? ['./cjs/*', './dist/container.js', './lib/*'] : false);
    const peers = manifest['peerDependencies'] as Record<string, string> | undefined;
    // A server needs no client.
    const alone = name === 'core' || name === 'embedded';
    assert.is(peers?.['@etcdts/core'], alone ? undefined : `^${manifest['version']}`);
    // The declarations reference Node's types, which an application of TypeScript has and another one need not install.
    const typed = name === 'core' || name === 'embedded' || name === 'testing';
    assert.is(peers?.['@types/node'], typed ? '>=20' : undefined);
    const optional = { '@types/node': { optional: true } };
    assert.equal(manifest['peerDependenciesMeta'], typed ? optional : undefined);
    assert.not.match(text, /workspace:|catalog:/);
    assert.equal([...text.matchAll(/https?:\/\/[^"]*/g)].map(String), []);
  }
});

test('bring a command where they say so, that needs no other file', async () => {
  const manifest = JSON.parse(await readInstalled('embedded', 'package.json')) as { bin: object };
  assert.equal(manifest.bin, { 'etcdts-embedded': './lib/cli.cjs' });
  await cp(packages.path('embedded', 'lib/cli.cjs'), join(packages.bare, 'cli.cjs'));
  const strict = '--disallow-code-generation-from-strings';
  assert.match(await packages.node([strict, 'cli.cjs', '--help'], packages.bare), /--listen/);
});

test('name tsyringe in their types only where options take it, and add nothing to the types of Reflect', async () => {
  const tsc = packages.tsc(compilers[0]);
  await writeTsconfig(packages.app, ['nodenext', 'nodenext'], ['program.ts']);
  const listed = (await packages.node([tsc, '-p', packages.app, '--listFilesOnly'], packages.scratch))
    .trim()
    .split('\n');
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

async function writeTsconfig(
  place: string,
  modules: readonly [module: string, moduleResolution: string],
  files: readonly string[],
  more: object = {},
): Promise<void> {
  const [module, moduleResolution] = modules;
  const compilerOptions = {
    ...{ module, moduleResolution, target: 'es2022', lib: ['es2022', 'esnext.disposable'], types: [] },
    ...{ strict: true, exactOptionalPropertyTypes: true, skipLibCheck: false, rootDir: '.', outDir: 'out', ...more },
  };
  await writeFile(join(place, 'tsconfig.json'), JSON.stringify({ compilerOptions, files }));
}

for (const version of compilers) {
  const major = Number(version.split('.')[0]);
  const modes = [
    ['app', 'esnext', 'bundler'],
    ['app', 'nodenext', 'nodenext'],
    ['commonJs', 'nodenext', 'nodenext'],
    ['commonJs', 'node16', 'node16'],
    // The default of CommonJS until TypeScript 5, which TypeScript 7 has no more; its default is the other one.
    ['commonJs', 'commonjs', major < 7 ? 'node10' : 'bundler'],
  ] as const;
  for (const [place, module, resolution] of modes) {
    test(`compile with TypeScript ${version}, module ${module}, moduleResolution ${resolution}, as ${place === 'app' ? 'ES modules' : 'CommonJS'}, with no types named and libraries checked`, async () => {
      const sources = [...programs, 'suite', 'ranges'].map((name) => `${name}.ts`);
      const more = resolution === 'node10' && major === 6 ? { ignoreDeprecations: '6.0' } : {};
      await writeTsconfig(packages[place], [module, resolution], sources, more);
      await packages.node([packages.tsc(version), '-p', packages[place]], packages.scratch);
    });
  }
}

test('have types of ES modules and of CommonJS that fit together', async () => {
  for (const version of compilers) {
    await writeTsconfig(packages.app, ['node16', 'node16'], ['copies.mts'], { types: ['node'] });
    await packages.node([packages.tsc(version), '-p', packages.app], packages.scratch);
  }
});

test('work together as two copies in one process, the one imported and the other required', async () => {
  assert.is(await packages.node([onlyCommonJs, 'out/copies.mjs'], packages.app), 'done\n');
});

test('are one copy, imported or required, in a Node that can require an ES module', async () => {
  assert.is(await packages.node(['out/copies.mjs', 'one'], packages.app), 'done\n');
});

for (const program of programs) {
  test(`run as ESM: ${program}`, async () => {
    assert.is(await packages.node([`out/${program}.js`], packages.app), 'done\n');
  });

  test(`run when required by CommonJS: ${program}`, async () => {
    const path = join(packages.commonJs, `out/${program}.js`);
    assert.match(await readFile(path, 'utf8'), /require\("@etcdts\/core"\)/);
    assert.is(await packages.node([path], packages.commonJs), 'done\n');
  });

  test(`run as CommonJS, where no ES module can be required: ${program}`, async () => {
    const path = join(packages.commonJs, `out/${program}.js`);
    assert.is(await packages.node([onlyCommonJs, path], packages.commonJs), 'done\n');
  });

  test(`run where no code can be made of strings, as ESM and CommonJS: ${program}`, async () => {
    const strict = '--disallow-code-generation-from-strings';
    assert.is(await packages.node([strict, `out/${program}.js`], packages.app), 'done\n');
    assert.is(await packages.node([strict, onlyCommonJs, `out/${program}.js`], packages.commonJs), 'done\n');
  });

  for (const format of bundled.includes(program) ? (['cjs', 'esm'] as const) : []) {
    test(`run bundled into one ${format} file, with nothing installed beside it: ${program}`, async () => {
      const outfile = join(packages.bare, `${program}.${format === 'cjs' ? 'cjs' : 'mjs'}`);
      // CommonJS dependencies require Node's modules, which an ES module cannot without this.
      const js = "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";
      const banner = format === 'esm' ? { js } : {};
      const entryPoints = [join(packages.app, `${program}.ts`)];
      const { warnings } = await build({ entryPoints, outfile, bundle: true, platform: 'node', format, banner });
      assert.equal(warnings, []);
      assert.is(await packages.node([outfile], packages.bare), 'done\n');
    });
  }
}

test('load grpc-js only if it is the transport, as ES module and as CommonJS', async () => {
  const program = (transport: string, format: string): string => `
    ${
      format === 'cjs'
        ? `const { createClient } = require('@etcdts/core');
           const { grpcTransport } = require('@etcdts/core/plugin');
           const { createRequire } = require('node:module');`
        : `import { createClient } from '@etcdts/core';
           import { grpcTransport } from '@etcdts/core/plugin';
           import { createRequire } from 'node:module';`
    }
    const none = {
      name: 'none',
      connect: (endpoint) => ({
        endpoint,
        connect: (observer) => setImmediate(() => observer.onLost({ details: 'no network', tls: false })),
        start() {},
        close() {},
      }),
    };
    void (async () => {
      const client = createClient({ endpoints: process.env.ETCD_ENDPOINT, transport: ${transport} });
      await client.kv.get('colour').catch(() => {});
      await client.cluster.memberList().catch(() => {});
      await client.close();
      const modules = Object.keys(createRequire(process.argv[1]).cache);
      console.log(modules.filter((name) => name.includes('@grpc/grpc-js')).length);
    })();
  `;
  for (const format of ['mjs', 'cjs']) {
    const count = async (transport: string): Promise<number> => {
      await writeFile(join(packages.app, `modules.${format}`), program(transport, format));
      return Number(await packages.node([onlyCommonJs, `modules.${format}`], packages.app));
    };
    assert.is(await count('none'), 0);
    assert.ok((await count('grpcTransport()')) > 10);
  }
});

test('fail a call, and nothing else, if grpc-js cannot be loaded', async () => {
  await writeFile(
    join(packages.app, 'broken.cjs'),
    `const Module = require('node:module');
     const load = Module._load;
     Module._load = (name, ...rest) => {
       if (name === '@grpc/grpc-js') throw new Error('no such library');
       return load(name, ...rest);
     };`,
  );
  await writeFile(
    join(packages.app, 'without-library.mjs'),
    `import { createClient } from '@etcdts/core';
     for (let i = 0; i < 2; i++) {
       const client = createClient({ endpoints: process.env.ETCD_ENDPOINT });
       const reason = await client.kv.get('colour').catch((error) => error);
       await client.close();
       await new Promise((resolve) => setImmediate(resolve));
       console.log(reason.message);
     }`,
  );
  const lines = (await packages.node(['--require', './broken.cjs', 'without-library.mjs'], packages.app)).trim();
  assert.is(lines.split('\n').length, 2);
  for (const line of lines.split('\n')) assert.match(line, /@grpc\/grpc-js cannot be loaded: no such library/);
});

test('test an application on a real etcd, as ES module and as CommonJS', async () => {
  const strict = '--disallow-code-generation-from-strings';
  assert.match(await packages.node([strict, 'out/suite.js'], packages.app), /Passed:\s+1/);
  assert.match(await packages.node([strict, onlyCommonJs, 'out/suite.js'], packages.commonJs), /Passed:\s+1/);
});

test.run();
