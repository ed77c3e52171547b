// Makes packages/*/cjs, the CommonJS form in which every package is published, beside the ES modules: for Jest, for compilers and
// bundlers that resolve `require`, and for a Node that cannot require an ES module. All entries of a package share one file, and
// each has its types as CommonJS.
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { container } from './bundle.mjs';

/** The entries of a published package: for each, the path of its source. */
function entriesOf({ publishConfig }) {
  const required = Object.values(publishConfig.exports).flatMap((entry) => entry.require?.default ?? []);
  return required.map((path) => /^\.\/cjs\/(.+)\.js$/.exec(path)[1]);
}

/** Sources that are written for ES modules, by the ends of their names, and what they are in CommonJS. */
const INSTEAD = {
  // The application's tsyringe, which is required on first use and needs the polyfill; core's own is bundled.
  'core/src/application-container.ts': `export function applicationContainer() {
    require('reflect-metadata/lite');
    return require('tsyringe').container;
  }`,
};

const instead = {
  name: 'instead',
  setup({ onLoad, onResolve }) {
    for (const [end, contents] of Object.entries(INSTEAD)) {
      const filter = new RegExp(`${end.replaceAll('/', '[/\\\\]').replaceAll('.', '\\.')}$`);
      onLoad({ filter }, () => ({ contents }));
    }
    onResolve({ filter: /^[^.]/ }, ({ path, kind }) =>
      kind === 'require-call' ? { path, external: true } : undefined,
    );
  },
};

/** The dependencies of core that its bundles contain. */
const BUNDLED = ['tsyringe', 'reflect-metadata'];

/** Makes the folder `cjs` of a package anew, of its sources and of what `tsc -b` made of them. */
export async function bundleCommonJs(folder) {
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const out = join(folder, 'cjs');
  rmSync(out, { recursive: true, force: true });
  copyTypes(folder, manifest.files, out);
  writeFileSync(join(out, 'package.json'), `${JSON.stringify({ type: 'commonjs' })}\n`);
  const entries = entriesOf(manifest);
  await build({
    absWorkingDir: folder,
    stdin: { contents: entries.map((name) => `export * from './src/${name}.ts';`).join('\n'), resolveDir: folder },
    outfile: 'cjs/all.js',
    external: Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies }).filter(
      (name) => !BUNDLED.includes(name),
    ),
    mainFields: ['es2015', 'module', 'main'],
    plugins: [instead, container],
    bundle: true,
    platform: 'node',
    target: 'node20.19',
    format: 'cjs',
    sourcemap: 'linked',
    logLevel: 'warning',
  });
  for (const name of entries) {
    const exported = Object.keys(await import(pathToFileURL(join(folder, 'dist', `${name}.js`)).href));
    // Written out, so that an ES module can import the names.
    const lines = exported.map((one) => `exports.${one} = all.${one};`);
    const head = ["'use strict';", "Object.defineProperty(exports, '__esModule', { value: true });"];
    writeFileSync(join(out, `${name}.js`), `${[...head, "const all = require('./all.js');", ...lines].join('\n')}\n`);
  }
}

/** Copies the declarations that are published. Beside a `package.json` of CommonJS they are the types of CommonJS. */
function copyTypes(folder, files, to) {
  const from = join(folder, 'dist');
  mkdirSync(to, { recursive: true });
  const left = files
    .filter((entry) => /^!dist\/.*\/\*\*$/.test(entry))
    .map((entry) => entry.slice('!dist/'.length, -2));
  const declarations = readdirSync(from, { recursive: true })
    .map((name) => name.split(sep).join('/'))
    .filter((name) => name.endsWith('.d.ts') && !/\.test\b/.test(name))
    .filter((name) => files.includes('dist/**/*.d.ts') || files.includes(`dist/${name}`))
    .filter((name) => !left.some((prefix) => name.startsWith(prefix)));
  for (const name of declarations) {
    mkdirSync(dirname(join(to, name)), { recursive: true });
    copyFileSync(join(from, name), join(to, name));
  }
}
