// Finds which tests prove which line of docs/spec, by the ids in their names.
//   node scripts/spec.mjs [<id or its beginning>...]   prints the tests of each line and the lines without one, of all ids
//                                                      or the given ones; exits 1 if a name has an id that no line defines
import { readdirSync, readFileSync } from 'node:fs';
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

/** The lines of docs/spec by id, in order: `{ file, text }`. */
export function readSpec() {
  const lines = new Map();
  for (const name of readdirSync(join(root, 'docs/spec')).filter((name) => name.endsWith('.md'))) {
    const file = `docs/spec/${name}`;
    for (const [, bold, text] of readFileSync(join(root, file), 'utf8').matchAll(
      /^- ((?:\*\*\w[\w-]*\*\*,? )+)(.*)$/gm,
    ))
      for (const [, id] of bold.matchAll(/\*\*(.*?)\*\*/g)) {
        if (lines.has(id)) throw new Error(`${id} is defined in ${lines.get(id).file} and in ${file}`);
        lines.set(id, { file, text });
      }
  }
  return lines;
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

/** Whether a line needs no test, because nothing here corresponds to it, or because it is a test of etcd's repository. */
const exempt = ({ file, text }) => text.startsWith('not applicable:') || file === 'docs/spec/upstream-tests.md';

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const asked = process.argv.slice(2);
  const spec = readSpec();
  const found = testFiles().flatMap((file) => idsIn(file, readFileSync(join(root, file), 'utf8')));
  let proved = 0;
  const bare = [];
  for (const [id, line] of spec) {
    if (asked.length > 0 && !asked.some((start) => id.startsWith(start))) continue;
    const tests = found.filter((test) => test.id === id);
    if (tests.length > 0) {
      proved++;
      console.log(`${id}  ${line.text}\n${tests.map(({ where, name }) => `    ${where}  ${name}`).join('\n')}`);
    } else if (!exempt(line)) bare.push(id);
  }
  console.log(`\n${proved} lines have a test, ${bare.length} have none: ${bare.join(' ')}`);
  const unknown = unknownIds(spec, found);
  for (const line of unknown) console.log(line);
  process.exitCode = unknown.length > 0 ? 1 : 0;
}
