// Enforces the arrows between packages and between the floors of core, finds circles of imports, and checks a few rules of test
// files.
//   node scripts/check-arrows.mjs      prints each violation as file:line, each circle as a path; exits 1 if there is one
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { findCircles, importsOf } from './imports.mjs';

/** The floors of core, top down. A file may import from its own floor and from those below. Patterns match below core/src. */
const floors = Object.entries({
  index: /^(index|plugin)\.ts$/,
  client: /^(client|client-description|version-gate)\.ts$/,
  container: /^(container|options)\.ts$/,
  wrap: /^(wrap|invoke|client-site|internals|layer|operations)\.ts$/,
  facades: /^(kv\/(?!rpc|service)|(watch\/watch|lease\/lease)\.|(cluster|maintenance|members)\/)/,
  services: /^((kv|lease)\/rpc|lease\/once)\./,
  hubs: /^(watch|lease)\/(?!service)/,
  // The contracts of services, which are only types. Facades, services and hubs use them.
  contracts: /^(kv|watch|lease)\/service\./,
  pipeline: /^pipeline\//,
  wire: /^wire\//,
  transport: /^transport\//,
  leaves: /^(codec\/|[^/]+\.ts$)/,
});

/** The shapes of options, which any floor may name as a type. */
const shapes = /^options\.ts$/;

/** Modules that only some files may import: the module, the files that may, and the files that may only name its types. */
const owners = [
  // This is an oracle for tests. Published code generates no code at run time.
  [
    /^(@grpc\/proto-loader|protobufjs|long)(\/|$)/,
    /^(packages\/proto\/src\/.*\.test(\.kit)?|test\/src\/raw-etcd)\.ts$/,
  ],
  [/^@grpc\//, /^(packages\/core\/src\/transport\/grpc|test\/src\/raw-etcd)[/.]/],
  [
    /^(tsyringe|reflect-metadata)(\/|$)/,
    /^packages\/core\/src\/(application-)?container\./,
    /^packages\/core\/src\/(options|client)\.ts$/,
  ],
  [/^prom-client(\/|$)/, /^(packages\/metrics|test)\/src\//],
  [/^uvu(\/|$)/, /^packages\/testing\/src\//],
  // The compiler's API is for the codemod.
  [/^(typescript|diff)$/, /^packages\/migrate\/src\//],
  // Its command is bundled with what signs it in. The library imports core only.
  [/^@etcdts\/auth$/, /^(packages\/cache\/src\/command|test\/src)\//],
  [/^@etcdts\/framing$/, /^packages\/(http2|embedded\/src\/http)\//],
  [/^@etcdts\/proto$/, /^packages\/(core\/src\/codec\/descriptors|embedded\/src\/wire\/descriptors)\.ts$/],
];

/** Modules of Node whose import takes long; core loads them on first use, by this file. */
const late = /^node:(crypto|fs|http2|tls)(\/|$)/;
const loader = 'packages/core/src/late-modules.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const slashes = (path) => path.split(sep).join('/');
const floorOf = (path) => floors.findIndex(([, pattern]) => pattern.test(path));
const isTest = (file) => /\.test(\.kit)?\.ts$/.test(file);

/** Why `file` (relative to the root) may not import `module`; `undefined` if it may. */
function refusal(file, module, typeOnly) {
  const [, name, path] = /^packages\/([^/]+)\/src\/(.+)$/.exec(file) ?? [];
  const owner = /^(packages|test)\//.test(file) && owners.find(([pattern]) => pattern.test(module));
  const owned = owner && (owner[1].test(file) || (typeOnly && owner[2]?.test(file)));
  if (owner && (!owned || (isTest(file) && module.startsWith('uvu'))) && !mayTest(file, module))
    return `may not import ${module}`;
  if (/^@etcdts\/[^/]+\/(?!package\.json$)/.test(module) && module !== '@etcdts/core/plugin')
    return `imports ${module}, which is not a public entry`;
  if (name && module.startsWith('@etcdts/')) {
    const allowed = [
      ...(owned ? [module] : []),
      ...(name === 'core' ? [] : ['@etcdts/core', '@etcdts/core/plugin']),
      ...(isTest(file) ? ['@etcdts/testing'] : []),
    ];
    if (!allowed.includes(module)) return `may not import ${module}`;
  }
  if (name === 'core' && late.test(module) && !typeOnly && file !== loader && !isTest(file))
    return `imports ${module}, which ${loader} loads`;
  if (name && module.startsWith('.')) {
    const target = slashes(relative(join(root, 'packages', name, 'src'), resolve(root, dirname(file), module)));
    if (target.startsWith('..') && !module.endsWith('package.json')) return `imports ${module}, outside its package`;
    if (name === 'core' && !/\.test\./.test(file) && target.endsWith('.ts') && !(typeOnly && shapes.test(target)))
      return wrongFloor(path, target);
  }
  return undefined;
}

/** Why a file of core may not import another one; `undefined` if it may. */
function wrongFloor(path, target) {
  const [from, to] = [floorOf(path), floorOf(target)];
  if (from < 0 || to < 0) return `${from < 0 ? path : target} is on no floor that scripts/check-arrows.mjs names`;
  return to < from ? `imports ${target}, from ${floors[from][0]} up to ${floors[to][0]}` : undefined;
}

/** Tests of core, and those in `test`, may use the libraries that core wraps. */
const mayTest = (file, module) => isTest(file) && /^(packages\/core|test)\//.test(file) && !module.startsWith('uvu');

/** The text of every source file in packages, test, bench, chaos and examples, by its path below the root. */
export function readSources() {
  const folders = ['packages', 'examples'].flatMap((folder) =>
    readdirSync(join(root, folder)).map((name) => `${folder}/${name}/src`),
  );
  const paths = [...folders, 'test/src', 'bench/src', 'chaos/src']
    .filter((folder) => existsSync(join(root, folder)))
    .flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true }).map((name) => `${folder}/${slashes(name)}`),
    );
  const sources = paths.filter((path) => path.endsWith('.ts'));
  return new Map(sources.map((path) => [path, readFileSync(join(root, path), 'utf8')]));
}

/** Returns all violations in the sources, each as `file:line  what`, and each circle as a path. */
export function checkArrows(sources = readSources()) {
  const circles = findCircles(sources).map((path) => `a circle of imports: ${path.join(' → ')}`);
  return [...Array.from(sources).flatMap(([file, text]) => checkFile(file, text)), ...circles];
}

/** The violations of one file with the given text. */
export function checkFile(file, text) {
  const found = [];
  const add = (index, what) => found.push(`${file}:${text.slice(0, index).split('\n').length}  ${what}`);
  for (const { module, index, typeOnly } of importsOf(text)) {
    const why = refusal(file, module, typeOnly);
    if (why) add(index, why);
  }
  if (!isTest(file)) return found;
  for (const match of text.matchAll(/^\s*\w+\.only\(/gm)) add(match.index, 'runs only some tests');
  if (!file.endsWith('.kit.ts') && !/^\s*[\w.]+\.run\(\);?$/m.test(text)) add(0, 'never calls .run()');
  return found;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const violations = checkArrows();
  for (const violation of violations) console.log(violation);
  process.exitCode = violations.length > 0 ? 1 : 0;
}
