// Makes the folder lib of core, http2 and embedded, the form in which they are published, and that of cache for its command. Core's
// entries share one file with its own modules and tsyringe; http2 is one file, and so is the library of embedded; core and embedded
// contain packages/proto, http2 and embedded packages/framing. They contain no other dependency. The command of embedded is one file with all that it needs, that of cache
// one beside core. In the workspace everything uses dist, file by file.
//   node scripts/bundle.mjs      those of core and http2
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const core = fileURLToPath(new URL('../packages/core/', import.meta.url));
const require = createRequire(`${core}package.json`);

/**
 * Dependencies that are CommonJS, each behind a file of one line. For a CommonJS module that is imported, Node parses it and all
 * modules that it re-exports, to find the names of the exports: 40 ms of a process start. A required module does not need that.
 * The file exports a function, because Node 20 leaves a rejection unhandled if a CommonJS module throws during its import.
 */
const commonJs = {
  name: 'commonjs',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^@grpc\// }, ({ path }) => ({ path, namespace: 'commonjs' }));
    onResolve({ filter: /^\.\/.*\.cjs$/ }, ({ path }) => ({ path, external: true }));
    onLoad({ filter: /./, namespace: 'commonjs' }, ({ path }) => {
      const file = `${path.replace(/^@/, '').replaceAll('/', '-')}.cjs`;
      writeFileSync(`${core}lib/${file}`, loaderOf(path));
      const names = Object.keys(require(path)).filter((name) => /^(?!default$)\w+$/.test(name));
      const exported = names.map((name) => `export const ${name} = /* @__PURE__ */ (() => library.${name})();`);
      const head = [`import { load as open } from './${file}';`, 'const library = /* @__PURE__ */ open();'];
      return { contents: [...head, ...exported].join('\n') };
    });
  },
};

/**
 * A file that loads a CommonJS module. esbuild makes ES modules in which a bundled `require` of Node's modules is a global one, that
 * does not exist. So there is one while the module is loaded. `module` has no `require` only in a bundle of esbuild.
 */
function loaderOf(path) {
  return `'use strict';
const load = () => require('${path}');
exports.load = () => {
  if (typeof module.require === 'function' || 'require' in globalThis) return load();
  globalThis.require = process.getBuiltinModule;
  try {
    return load();
  } finally {
    delete globalThis.require;
  }
};
`;
}

/**
 * The tsyringe of the application, which is required on first use. Rollup hoists its import to the start, but leaves a polyfill that
 * is CommonJS where it is required: an ES module that imports it comes first. In Node nothing loads that module.
 */
const application = {
  name: 'application',
  setup({ onLoad }) {
    onLoad({ filter: /application-container\.ts$/ }, () => {
      writeFileSync(`${core}lib/reflect.mjs`, `import 'reflect-metadata/lite';\n`);
      writeFileSync(`${core}lib/tsyringe.cjs`, TSYRINGE);
      const contents = `import { load } from './tsyringe.cjs';\nexport const applicationContainer = () => load().container;\n`;
      return { contents };
    });
  },
};

/**
 * The tsyringe of core's own container, which holds values and no classes. For them tsyringe needs neither its decorators nor the
 * polyfill of reflect-metadata, which it requires nevertheless. The application's own tsyringe still gets it.
 */
export const container = {
  name: 'container',
  setup({ onLoad, onResolve }) {
    onResolve({ filter: /^reflect-metadata\/lite$/ }, ({ path, importer }) =>
      importer.endsWith('container.ts') ? { path, namespace: 'unused' } : undefined,
    );
    onLoad({ filter: /./, namespace: 'unused' }, () => ({ contents: '' }));
    onLoad({ filter: /[/\\]tsyringe[/\\]dist[/\\]esm2015[/\\]index\.js$/ }, () => ({
      contents: `export { instance as container } from './dependency-container';`,
    }));
  },
};

const TSYRINGE = `'use strict';
exports.load = () => {
  if (typeof module.require === 'function') require('reflect-metadata/lite');
  else require('./reflect.mjs');
  return require('tsyringe');
};
`;

const cache = fileURLToPath(new URL('../packages/cache/', import.meta.url));
const embedded = fileURLToPath(new URL('../packages/embedded/', import.meta.url));

const all = { bundle: true, platform: 'node', target: 'node20.19', logLevel: 'warning' };

const http2 = fileURLToPath(new URL('../packages/http2/', import.meta.url));

/** Makes packages/http2/lib anew: one file in place of forty, of which each takes time at the start of a process. */
export async function bundleHttp2() {
  rmSync(`${http2}lib`, { recursive: true, force: true });
  await build({
    ...all,
    absWorkingDir: http2,
    entryPoints: ['src/index.ts'],
    outfile: 'lib/index.js',
    external: ['@etcdts/core'],
    format: 'esm',
    sourcemap: 'linked',
  });
}

/** Makes packages/cache/lib anew: its command, with `@etcdts/auth`, on which the library does not depend. */
export async function bundleCacheCommand() {
  rmSync(`${cache}lib`, { recursive: true, force: true });
  await build({
    ...all,
    absWorkingDir: cache,
    entryPoints: ['src/command/cli.ts'],
    outfile: 'lib/command.js',
    external: ['@etcdts/core', 'sorted-btree'],
    format: 'esm',
  });
}

/** Makes packages/embedded/lib anew. A process that runs its command starts in two thirds of the time of dist. */
export async function bundleEmbedded() {
  rmSync(`${embedded}lib`, { recursive: true, force: true });
  await build({
    ...all,
    absWorkingDir: embedded,
    entryPoints: ['src/index.ts'],
    outfile: 'lib/index.js',
    external: ['sorted-btree'],
    format: 'esm',
    sourcemap: 'linked',
  });
  const { metafile } = await build({
    ...all,
    absWorkingDir: embedded,
    entryPoints: ['src/cli.ts'],
    outfile: 'lib/cli.cjs',
    format: 'cjs',
    minify: true,
    legalComments: 'none',
    metafile: true,
  });
  writeLicenses(embedded, metafile);
}

/** Writes the licenses of all bundled packages beside the bundle, as the licenses require. */
function writeLicenses(folder, { inputs }) {
  const packages = new Set(
    Object.keys(inputs).flatMap((path) => /^.*\/node_modules\/(@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? []),
  );
  const texts = [...packages].map((path) => {
    const place = join(folder, path);
    const { name, version } = JSON.parse(readFileSync(join(place, 'package.json'), 'utf8'));
    const file = readdirSync(place).find((entry) => /^licen[cs]e(\.\w+)?$/i.test(entry));
    if (file === undefined) throw new Error(`${name} is bundled and brings no license`);
    return `${name} ${version}\n\n${readFileSync(join(place, file), 'utf8').trim()}\n`;
  });
  writeFileSync(join(folder, 'lib/LICENSES.txt'), texts.sort().join(`\n${'-'.repeat(80)}\n\n`));
}

/**
 * Makes packages/core/lib anew. `core.js` has all of the code, and each entry exports its names from there, so that both share one
 * copy. A file less is a millisecond less of a process start; what is imported lazily is evaluated lazily in the same file.
 */
export async function bundleCore() {
  rmSync(`${core}lib`, { recursive: true, force: true });
  mkdirSync(`${core}lib`);
  const parts = {
    ...all,
    absWorkingDir: core,
    external: ['@grpc/*'],
    mainFields: ['es2015', 'module', 'main'],
    plugins: [commonJs, application, container],
    metafile: true,
    format: 'esm',
  };
  const contents = entries.map((name) => `export * from './src/${name}.ts';`).join('\n');
  const { metafile } = await build({
    ...parts,
    stdin: { contents, resolveDir: core },
    outfile: 'lib/core.js',
    sourcemap: 'linked',
  });
  for (const name of entries) {
    const { metafile } = await build({
      ...parts,
      entryPoints: [`src/${name}.ts`],
      outfile: 'lib/entry.js',
      write: false,
    });
    const names = metafile.outputs['lib/entry.js'].exports;
    writeFileSync(
      `${core}lib/${name}.js`,
      `export {\n${names.map((one) => `  ${one},\n`).join('')}} from './core.js';\n`,
    );
  }
  writeLicenses(core, metafile);
}

/** The entries of core, each a file of its name. */
const entries = ['index', 'plugin'];

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  await bundleCore();
  await bundleHttp2();
}
