import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { assert, type Suite } from '@etcdts/testing';
import { build } from 'esbuild';
import { onlyCommonJs, programs, type InstalledPackages } from './installed-packages.ts';

/** The tests that run the compiled programs in Node, as they are and bundled by esbuild. */
export function running(test: Suite, installed: () => InstalledPackages): void {
  test('work together as two copies in one process, the one imported and the other required', async () => {
    assert.is(await installed().node([onlyCommonJs, 'out/copies.mjs'], installed().app), 'done\n');
  });

  test('are one copy, imported or required, in a Node that can require an ES module', async () => {
    assert.is(await installed().node(['out/copies.mjs', 'one'], installed().app), 'done\n');
  });

  for (const program of programs) {
    test(`run as ESM: ${program}`, async () => {
      assert.is(await installed().node([`out/${program}.js`], installed().app), 'done\n');
    });

    test(`run when required by CommonJS: ${program}`, async () => {
      const path = join(installed().commonJs, `out/${program}.js`);
      assert.match(await readFile(path, 'utf8'), /require\("@etcdts\/core"\)/);
      assert.is(await installed().node([path], installed().commonJs), 'done\n');
    });

    test(`run as CommonJS, where no ES module can be required: ${program}`, async () => {
      const path = join(installed().commonJs, `out/${program}.js`);
      assert.is(await installed().node([onlyCommonJs, path], installed().commonJs), 'done\n');
    });

    test(`run where no code can be made of strings, as ESM and CommonJS: ${program}`, async () => {
      const strict = '--disallow-code-generation-from-strings';
      assert.is(await installed().node([strict, `out/${program}.js`], installed().app), 'done\n');
      assert.is(await installed().node([strict, onlyCommonJs, `out/${program}.js`], installed().commonJs), 'done\n');
    });

    for (const format of ['cjs', 'esm'] as const) {
      test(`run bundled into one ${format} file, with nothing installed beside it: ${program}`, async () => {
        const outfile = join(installed().bare, `${program}.${format === 'cjs' ? 'cjs' : 'mjs'}`);
        const entryPoints = [join(installed().app, `${program}.ts`)];
        const { warnings } = await build({ entryPoints, outfile, bundle: true, platform: 'node', format });
        assert.equal(warnings, []);
        assert.is(await installed().node([outfile], installed().bare), 'done\n');
      });
    }
  }

  test('test an application on a real etcd, as ES module and as CommonJS', async () => {
    const strict = '--disallow-code-generation-from-strings';
    assert.match(await installed().node([strict, 'out/suite.js'], installed().app), /Passed:\s+1/);
    assert.match(await installed().node([strict, onlyCommonJs, 'out/suite.js'], installed().commonJs), /Passed:\s+1/);
  });
}

/** The most that a minified bundle of core and @etcdts/http2 may have. */
const MOST_BUNDLED = 226 * 1024;

/** The tests of when and how grpc-js is loaded. */
export function loading(test: Suite, installed: () => InstalledPackages): void {
  test('load grpc-js only if it is the transport, as ES module and as CommonJS', async () => {
    const program = (transport: string, format: string): string => `
      ${
        format === 'cjs'
          ? `const { createClient } = require('@etcdts/core');
             const { grpcTransport } = require('@etcdts/core/plugin');
             const { http2Transport } = require('@etcdts/http2');
             const { createRequire } = require('node:module');`
          : `import { createClient } from '@etcdts/core';
             import { grpcTransport } from '@etcdts/core/plugin';
             import { http2Transport } from '@etcdts/http2';
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
        const calls = [() => client.kv.get('colour'), () => client.cluster.memberList()];
        let answers = 0;
        for (const call of calls) await call().then(() => answers++, () => {});
        await client.close();
        if (answers !== (${transport} === none ? 0 : calls.length)) throw new Error(answers + ' answers');
        const modules = Object.keys(createRequire(process.argv[1]).cache);
        console.log(modules.filter((name) => name.includes('@grpc/grpc-js')).length);
      })();
    `;
    for (const format of ['mjs', 'cjs']) {
      const count = async (transport: string): Promise<number> => {
        await writeFile(join(installed().app, `modules.${format}`), program(transport, format));
        return Number(await installed().node([onlyCommonJs, `modules.${format}`], installed().app));
      };
      assert.is(await count('none'), 0);
      assert.is(await count('http2Transport()'), 0);
      assert.ok((await count('grpcTransport()')) > 10);
    }
  });

  for (const format of ['cjs', 'esm'] as const) {
    test(`run over @etcdts/http2 from a small ${format} bundle that leaves out grpc-js, with nothing beside it`, async () => {
      const outfile = join(installed().bare, `small.${format === 'cjs' ? 'cjs' : 'mjs'}`);
      const { warnings, metafile } = await build({
        ...{ entryPoints: [join(installed().app, 'http2.ts')], outfile, format, bundle: true, platform: 'node' },
        ...{ minify: true, external: ['@grpc/grpc-js', 'tsyringe'], metafile: true },
      });
      assert.equal(warnings, []);
      const foreign = Object.keys(metafile.inputs).filter(
        (path) => !/@etcdts\/(core|http2)\/|\/reflect-metadata\/|\/http2\.ts$/.test(path),
      );
      assert.equal(foreign, []);
      const bytes = Object.values(metafile.outputs).reduce((sum, output) => sum + output.bytes, 0);
      assert.ok(bytes < MOST_BUNDLED, `${bytes} bytes`);
      assert.is(await installed().node([outfile], installed().bare), 'done\n');
    });
  }

  test('fail a call, and nothing else, if grpc-js cannot be loaded', async () => {
    await writeFile(
      join(installed().app, 'broken.cjs'),
      `const Module = require('node:module');
       const load = Module._load;
       Module._load = (name, ...rest) => {
         if (name === '@grpc/grpc-js') throw new Error('no such library');
         return load(name, ...rest);
       };`,
    );
    await writeFile(
      join(installed().app, 'without-library.mjs'),
      `import { createClient } from '@etcdts/core';
       for (let i = 0; i < 2; i++) {
         const client = createClient({ endpoints: process.env.ETCD_ENDPOINT });
         const reason = await client.kv.get('colour').catch((error) => error);
         await client.close();
         await new Promise((resolve) => setImmediate(resolve));
         console.log(reason.message);
       }`,
    );
    const lines = (
      await installed().node(['--require', './broken.cjs', 'without-library.mjs'], installed().app)
    ).trim();
    assert.is(lines.split('\n').length, 2);
    for (const line of lines.split('\n')) assert.match(line, /@grpc\/grpc-js cannot be loaded: no such library/);
  });
}
