// Finds which tests prove which line of docs/spec, by the ids in their names.
//   node scripts/spec.mjs [<id or its beginning>...]   prints the tests of each line and the lines without one, of all ids
//                                                      or the given ones; exits 1 if a line has neither a test nor a reason,
//                                                      or a name has an id that no line defines
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/** An id such as `W-12`, `K-4` or `H26`, but not `UTF-8`; or the name of an upstream test. */
const ID = /\b(?:[A-Z][A-Z0-9]{0,2}-\d\d|K-\d{1,2}|H\d{1,2}|(?:Test|Fuzz|Example|Benchmark)[A-Z]\w+)\b/g;
/** A call at the beginning of a line with a text as the first argument: `test('…'`, `fact(`…``. */
const NAME = /^[ \t]*[\w.]+\(\s*(['"`])((?:\\[^]|(?!\1)[^\\])*)\1/gm;
/** A row in a table of cases that begins with an id. The test's name takes the id from it. */
const CASE = /^[ \t]*[[{]\s*(?:\w+:\s*)?(['"`])([A-Z][\w-]*)\1/gm;

/** The files whose test names are read: unit tests, all of test/src, the contracts. */
function testFiles() {
  const files = (folder) =>
    readdirSync(join(root, folder), { recursive: true }).map((name) => `${folder}/${name.split(sep).join('/')}`);
  const sources = readdirSync(join(root, 'packages')).flatMap((name) => files(`packages/${name}`));
  return [
    ...sources.filter((path) => /^packages\/[^/]+\/src\/(.*\.test(\.kit)?|contracts\/.*)\.ts$/.test(path)),
    ...files('test/src').filter((path) => path.endsWith('.ts')),
  ];
}

/** The lines of docs/spec by id, in order: `{ file, text, section }`. */
export function readSpec() {
  const lines = new Map();
  for (const name of readdirSync(join(root, 'docs/spec')).filter((name) => name.endsWith('.md'))) {
    const file = `docs/spec/${name}`;
    for (const [id, line] of linesIn(file, readFileSync(join(root, file), 'utf8'))) {
      if (lines.has(id)) throw new Error(`${id} is defined in ${lines.get(id).file} and in ${file}`);
      lines.set(id, line);
    }
  }
  return lines;
}

/** The lines of one file with the given text, as `[id, { file, text, section }]`: several if a line has several ids. */
export function linesIn(file, text) {
  let section = '';
  return Array.from(text.matchAll(/^(?:#+ (.*)|- ((?:\*\*\w[\w-]*\*\*,? )+)(.*))$/gm)).flatMap(
    ([, heading, bold, rest]) => {
      if (heading !== undefined) section = heading;
      return Array.from((bold ?? '').matchAll(/\*\*(.*?)\*\*/g), ([, id]) => [id, { file, text: rest, section }]);
    },
  );
}

/** The ids in the test names of one file with the given text: `{ id, where, name }`. */
export function idsIn(file, text) {
  const found = [];
  for (const pattern of [NAME, CASE])
    for (const { index, 0: whole, 2: name } of text.matchAll(pattern)) {
      const line = text.slice(0, index + whole.indexOf(name)).split('\n').length;
      // "R-14 to R-19" includes the ids between.
      const full = name.replace(/\b([A-Z]+-)(\d\d) to \1(\d\d)\b/g, (_, kind, first, last) =>
        Array.from({ length: last - first + 1 }, (_, n) => kind + String(+first + n).padStart(2, '0')).join(' '),
      );
      for (const id of new Set(full.match(ID))) found.push({ id, where: `${file}:${line}`, name });
    }
  return found;
}

/** The ids of `found`, and in the lines themselves, that `spec` does not define, each as `file  what`. */
export function unknownIds(spec, found) {
  const mentioned = [...spec.values()].flatMap(({ file, text }) =>
    (text.match(ID) ?? []).map((id) => ({ id, where: file })),
  );
  return [...found, ...mentioned]
    .filter(({ id }) => !spec.has(id))
    .map(({ id, where }) => `${where}  no line of docs/spec defines ${id}`);
}

/**
 * Whether a line needs no test: it says why, nothing here corresponds to it, it is a test of etcd's repository, or its package does
 * not exist. `exists` says whether there is a package of a name.
 */
export function needsNoTest({ file, text, section }, exists = (name) => existsSync(join(root, 'packages', name))) {
  if (file === 'docs/spec/upstream-tests.md' || text.startsWith('not applicable:')) return true;
  if (/\bNo test: \w/.test(text)) return true;
  const name = /\(package ([\w-]+)\)/.exec(`${text} ${section}`)?.[1];
  return name !== undefined && !exists(name);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const asked = process.argv.slice(2);
  const spec = readSpec();
  const found = testFiles().flatMap((file) => idsIn(file, readFileSync(join(root, file), 'utf8')));
  let proved = 0;
  let excused = 0;
  const bare = [];
  for (const [id, line] of spec) {
    if (asked.length > 0 && !asked.some((start) => id.startsWith(start))) continue;
    const tests = found.filter((test) => test.id === id);
    if (tests.length > 0) {
      proved++;
      console.log(`${id}  ${line.text}\n${tests.map(({ where, name }) => `    ${where}  ${name}`).join('\n')}`);
    } else if (needsNoTest(line)) excused++;
    else bare.push(id);
  }
  console.log(`\n${proved} lines have a test, ${excused} need none`);
  for (const id of bare) console.log(`${spec.get(id).file}  no test names ${id}, and the line says no reason`);
  const unknown = unknownIds(spec, found);
  for (const line of unknown) console.log(line);
  process.exitCode = unknown.length + bare.length > 0 ? 1 : 0;
}
