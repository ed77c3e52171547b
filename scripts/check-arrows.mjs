// Enforces the arrows between packages and between the layers of core, and a few rules for test files.
//   node scripts/check-arrows.mjs      prints each violation as file:line, exits 1 if there is one
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** Core from the top down: a file may import from its own floor and from those below. Patterns match below core/src. */
const floors = [
  [/^(index|plugin)\.ts$/],
  [/^(client|version-gate)\.ts$/],
  [/^(container|options)\.ts$/],
  [/^(wrap|operations)\.ts$/],
  [/^(kv|watch|lease|cluster|maintenance)[/.]/],
  [/^pipeline[/.]/],
  [/^wire[/.]/],
  [/^transport[/.]/],
  [/^(codec|gen)\//, /^[^/]+\.ts$/],
];

/** What any floor may name as a type, for it is the shape of what users pass in. */
const shapes = /^options\.ts$/;

/** Modules that only some files may import: the module, where it is allowed, and where as a type only. */
const owners = [
  [/^@grpc\/proto-loader$/, /^(packages\/core\/src\/codec\/descriptors|test\/src\/raw-etcd)\.ts$/],
  [/^@grpc\//, /^(packages\/(core\/src\/transport\/grpc|embedded\/src\/(server|wire))|test\/src\/raw-etcd)[/.]/],
  [
    /^(tsyringe|reflect-metadata)(\/|$)/,
    /^packages\/core\/src\/(application-)?container\./,
    /^packages\/core\/src\/(options|client)\.ts$/,
  ],
  [/^prom-client(\/|$)/, /^(packages\/metrics|test)\/src\//],
  [/^uvu(\/|$)/, /^packages\/testing\/src\//],
  [/^@etcdts\/proto$/, /^packages\/(core\/src\/codec\/descriptors|embedded\/src\/wire\/descriptors)\.ts$/],
];

const root = fileURLToPath(new URL('..', import.meta.url));
const slashes = (path) => path.split(sep).join('/');
const floorOf = (path) => floors.findIndex((patterns) => patterns.some((pattern) => pattern.test(path)));
const isTest = (file) => file.endsWith('.test.ts');

/** Why `file` (relative to the root) may not import `module`, or nothing. */
function refusal(file, module, typeOnly) {
  const [, name, path] = /^packages\/([^/]+)\/src\/(.+)$/.exec(file) ?? [];
  const owner = owners.find(([pattern]) => pattern.test(module));
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
  if (name && module.startsWith('.')) {
    const target = slashes(relative(join(root, 'packages', name, 'src'), resolve(root, dirname(file), module)));
    if (target.startsWith('..') && !module.endsWith('package.json')) return `imports ${module}, outside its package`;
    if (name === 'core' && !isTest(file) && floorOf(target) < floorOf(path) && !(typeOnly && shapes.test(target)))
      return `imports ${module}, a floor above`;
  }
  return undefined;
}

/** Tests of core, and those in `test`, may look at what they test through the library that it wraps. */
const mayTest = (file, module) => isTest(file) && /^(packages\/core|test)\//.test(file) && !module.startsWith('uvu');

/** All violations, each as `file:line  what`. */
export function checkArrows() {
  const folders = [...readdirSync(join(root, 'packages')).map((name) => `packages/${name}/src`), 'test/src'];
  const files = folders
    .filter((folder) => existsSync(join(root, folder)))
    .flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true }).map((name) => `${folder}/${slashes(name)}`),
    )
    .filter((file) => file.endsWith('.ts'));
  return files.flatMap((file) => checkFile(file, readFileSync(join(root, file), 'utf8')));
}

/** The violations of one file with the given text. */
export function checkFile(file, text) {
  const found = [];
  const add = (index, what) => found.push(`${file}:${text.slice(0, index).split('\n').length}  ${what}`);
  // Statements start a line, so that code quoted in a test's strings does not count.
  const imports = /^(?:import|export)\b(?:[^'"`;]*?\bfrom)?\s*['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]\s*\)/gm;
  for (const match of text.matchAll(imports)) {
    const why = refusal(file, match[1] ?? match[2], /^(import|export) type\b/.test(match[0]));
    if (why) add(match.index, why);
  }
  if (!isTest(file)) return found;
  for (const match of text.matchAll(/^\s*\w+\.only\(/gm)) add(match.index, 'runs only some tests');
  if (!/^\s*[\w.]+\.run\(\);?$/m.test(text)) add(0, 'never calls .run()');
  return found;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const violations = checkArrows();
  for (const violation of violations) console.log(violation);
  process.exitCode = violations.length > 0 ? 1 : 0;
}
