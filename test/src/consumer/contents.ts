import { access, cp, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { assert, type Suite } from '@etcdts/testing';
import { root } from '../documents.ts';
import { names, type InstalledPackages } from './installed-packages.ts';

const { repository } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as {
  readonly repository: string;
};

/** The packages that are published as bundles. The others are published as compiled. */
const bundles = ['core', 'embedded', 'http2'];

/** The tests of what the published packages hold. */
export function contents(test: Suite, installed: () => InstalledPackages): void {
  const filesOf = (name: string): Promise<string[]> => installed().filesOf(name);
  const readInstalled = (name: string, file: string): Promise<string> => readFile(installed().path(name, file), 'utf8');

  /** The declarations that one of them imports and that are not there. */
  const missing = async (name: string, file: string, files: readonly string[]): Promise<string[]> =>
    [...(await readInstalled(name, file)).matchAll(/from '(\.[^']+)\.[jt]s'/g)]
      .map(([, path]) => join(dirname(file), `${path}.d.ts`))
      .filter((path) => !files.includes(path));

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
      const stems = new Set(
        dist.map((file) => file.replace(/^dist\//, '').replace(/(\.d\.ts|\.js|\.js\.map)$/, '.ts')),
      );
      const types = dist.filter((file) => file.endsWith('.d.ts'));
      if (name === 'core' || !bundles.includes(name)) assert.equal([...stems].sort(), expected.sort(), name);
      // Of the others, what names a private package stays out. What is published must need nothing else.
      else for (const file of types) assert.equal(await missing(name, file, files), [], `${name}/${file}`);

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
      'lib/reflect.mjs',
      'lib/tsyringe.cjs',
    ]);
  });

  test('have one copy of the code behind both entries of core', async () => {
    const lib = installed().path('core', 'lib');
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
      assert.not.match(JSON.stringify(manifest), /@etcdts\/(proto|framing)/);
      for (const file of (await filesOf(name)).filter((path) => /\.(js|cjs|d\.ts)$/.test(path)))
        assert.not.match(await readInstalled(name, file), /@etcdts\/(proto|framing)/, `${name}/${file}`);
    }
    const holders = async (name: string, message: string): Promise<string[]> => {
      const found = [];
      for (const file of (await filesOf(name)).filter((path) => /^(lib|cjs)\/.*\.c?js$/.test(path)))
        if ((await readInstalled(name, file)).includes(`"${message}":{`)) found.push(file);
      return found;
    };
    assert.equal(await holders('core', 'AlarmRequest'), ['cjs/all.js', 'lib/core.js']);
    assert.equal(await holders('core', 'DeleteRangeRequest'), [], 'no message that has a codec of its own');
    const embedded = ['cjs/all.js', 'lib/cli.cjs', 'lib/index.js'];
    assert.equal(await holders('embedded', 'AlarmRequest'), embedded);
    assert.equal(await holders('embedded', 'DeleteRangeRequest'), embedded);
  });

  test('bring the licenses of what is bundled in them, and nothing else is bundled in core', async () => {
    const licensed = async (name: string): Promise<string[]> => {
      const text = await readInstalled(name, 'lib/LICENSES.txt');
      return text.split(/^-{80}$/m).map((license) => license.trim().split(' ', 1)[0] as string);
    };
    assert.equal(await licensed('core'), ['tslib', 'tsyringe']);
    assert.equal(await licensed('embedded'), ['sorted-btree']);
  });

  test('say in package.json what they are, and name no place that is not public', async () => {
    for (const name of names) {
      const text = await readInstalled(name, 'package.json');
      const manifest = JSON.parse(text) as Record<string, unknown>;
      const exported = manifest['exports'] as Record<string, unknown>;
      // One copy for each process if it can be had: bundlers and a Node that can require ES modules have only this one.
      const entry = (stem: string): object => {
        const esm = {
          types: `./dist/${stem}.d.ts`,
          default: `./${bundles.includes(name) ? 'lib' : 'dist'}/${stem}.js`,
        };
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
      assert.is(peers?.['@etcdts/core'], alone ? undefined : `^${String(manifest['version'])}`);
      // The declarations reference Node's types, which an application of TypeScript has and another one need not install.
      const typed = name === 'core' || name === 'embedded' || name === 'testing';
      assert.is(peers?.['@types/node'], typed ? '>=20' : undefined);
      const optional = { '@types/node': { optional: true } };
      assert.equal(manifest['peerDependenciesMeta'], typed ? optional : undefined);
      assert.not.match(text, /workspace:|catalog:/);
      const folder = `packages/${name}`;
      assert.is(manifest['author'], 'The etcdts authors');
      assert.is(manifest['homepage'], `${repository}/tree/main/${folder}#readme`);
      assert.equal(manifest['bugs'], { url: `${repository}/issues` });
      assert.equal(manifest['repository'], { type: 'git', url: `git+${repository}.git`, directory: folder });
      assert.ok((manifest['keywords'] as readonly string[]).length > 3, name);
      for (const [address] of text.matchAll(/https?:\/\/[^"]*/g)) assert.ok(address.startsWith(repository), address);
    }
  });

  test('have READMEs whose links lead somewhere from anywhere, to the files of their version', async () => {
    let links = 0;
    for (const name of names) {
      const { version } = JSON.parse(await readInstalled(name, 'package.json')) as { version: string };
      const text = (await readInstalled(name, 'README.md')).replace(/^```[^]*?^```|`[^`]*`/gm, '');
      for (const [, target = ''] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
        assert.match(target, /^https:\/\//, name);
        if (!target.startsWith(repository)) continue;
        const [, ref, path = ''] = /^\/(?:blob|raw|tree)\/([^/]+)\/([^#]+)/.exec(target.slice(repository.length)) ?? [];
        assert.is(ref, `v${version}`, target);
        await access(join(root, path));
        links++;
      }
      assert.ok(text.includes(`](${repository}/`), `${name} leads to no document`);
    }
    assert.ok(links >= names.length);
  });

  test('bring a command where they say so, that needs no other file', async () => {
    const manifest = JSON.parse(await readInstalled('embedded', 'package.json')) as { bin: object };
    assert.equal(manifest.bin, { 'etcdts-embedded': './lib/cli.cjs' });
    await cp(installed().path('embedded', 'lib/cli.cjs'), join(installed().bare, 'cli.cjs'));
    const strict = '--disallow-code-generation-from-strings';
    assert.match(await installed().node([strict, 'cli.cjs', '--help'], installed().bare), /--listen/);
  });

  test('bring the command of migrate, which is all that it is, and rewrites a file', async () => {
    const files = await installed().filesOf('migrate');
    const code = files.filter((file) => /^dist\/(rules\/)?[a-z0-9-]+\.js$/.test(file));
    assert.equal(files, ['LICENSE', 'README.md', ...code, 'package.json'].sort());
    const manifest = JSON.parse(await readInstalled('migrate', 'package.json')) as Record<string, unknown>;
    assert.equal(manifest['bin'], { 'etcdts-migrate': './dist/cli.js' });
    assert.equal(manifest['exports'], { './package.json': './package.json' });
    const file = join(installed().bare, 'old.mjs');
    await writeFile(file, "import { Etcd3 } from 'etcd3';\nawait new Etcd3().put('a').value('b');\n");
    await installed().run('npx', ['--no-install', 'etcdts-migrate', '--force', file], installed().scratch);
    const [head, line] = (await readFile(file, 'utf8')).split('\n');
    assert.is(head, "import { createClient } from '@etcdts/core';");
    assert.is(line, "await createClient({ endpoints: '127.0.0.1:2379' }).kv.put('a', 'b');");
  });

  test('bring the command of cache with what it has beside core', async () => {
    const manifest = JSON.parse(await readInstalled('cache', 'package.json')) as { bin: object };
    assert.equal(manifest.bin, { 'etcdts-cache': './lib/command.js' });
    const command = installed().path('cache', 'lib/command.js');
    assert.match(await installed().node([command, 'mirror', '--help'], installed().bare), /--dest-prefix/);
    const imported = (await readFile(command, 'utf8')).matchAll(/^import .* from "(?!node:)([^"]+)";$/gm);
    const modules = new Set(Array.from(imported, ([, module]) => module as string));
    assert.equal([...modules].sort(), [
      '@etcdts/core',
      '@etcdts/core/plugin',
      'sorted-btree',
      'sorted-btree/extended/bulkLoad.js',
    ]);
  });
}
