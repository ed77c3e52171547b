import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { assert, suite } from '@etcdts/testing';

interface Line {
  readonly file: string;
  readonly text: string;
  readonly section: string;
}
interface Found {
  readonly id: string;
  readonly where: string;
  readonly name: string;
}

const script = new URL('../../scripts/spec.mjs', import.meta.url);
const { idsIn, linesIn, needsNoTest, readSpec, unknownIds } = (await import(script.href)) as {
  idsIn(file: string, text: string): readonly Found[];
  linesIn(file: string, text: string): readonly (readonly [string, Line])[];
  needsNoTest(line: Line, exists?: (name: string) => boolean): boolean;
  readSpec(): ReadonlyMap<string, Line>;
  unknownIds(spec: ReadonlyMap<string, Line>, found: readonly Found[]): readonly string[];
};

const test = suite('spec', { timeoutMs: 60_000 });
// Made here, so that this file has no such id in its own text.
const planted = ['W', '99'].join('-');
const spec = readSpec();

test('docs/spec defines every id in the name of a test, and each of its lines has a test or a reason', () => {
  const { status, stdout } = spawnSync(process.execPath, [fileURLToPath(script)], { encoding: 'utf8' });
  assert.is(status, 0, stdout.slice(-2_000));
});

test('an id that no line defines is reported, with its place', () => {
  for (const text of [
    `\ntest('${planted}: a fact', () => {});`,
    `\n  test(\`a fact of \${kind} (${planted})\`, () => {});`,
    `\nfact("${planted} a fact", async () => {});`,
    `\n  ['${planted}', 'EmptyKey', 3],`,
    `\n  { id: '${planted}', code: 3 },`,
    `\ntest(\n  'a fact (${planted})',\n  () => {});`,
  ]) {
    const unknown = unknownIds(spec, idsIn('x.test.ts', text));
    assert.is(unknown.length, 1, text);
    assert.match(unknown[0] ?? '', /^x\.test\.ts:[23] {2}no line .* W-99$/);
  }
  assert.is(unknownIds(spec, idsIn('x.test.ts', `test('${['TestOf', 'Nobody'].join('')}', () => {});`)).length, 1);
});

test('a line that refers to an id that no line defines is reported', () => {
  const unknown = unknownIds(new Map([...spec, ['W-01', { file: 'x.md', text: `as ${planted}`, section: '' }]]), []);
  assert.equal(unknown, [`x.md  no line of docs/spec defines ${planted}`]);
});

test('a line needs a test unless it says why not, or its package does not exist', () => {
  const text = '# Box\n\n- **A-01** a\n- **A-02** differs: b. No test: why.\n- **A-03** not applicable: c\n';
  const later =
    '\n## Lid (package lid)\n\n- **B-01**, **B-02** d\n\n## Rim\n\n- **B-03** e\n- **B-04** f (package lid)\n';
  const needed = (exists: boolean, file = 'x.md'): readonly string[] =>
    linesIn(file, text + later)
      .filter(([, line]) => !needsNoTest(line, (name) => exists && name === 'lid'))
      .map(([id]) => id);
  assert.equal(needed(false), ['A-01', 'B-03']);
  assert.equal(needed(true), ['A-01', 'B-01', 'B-02', 'B-03', 'B-04']);
  assert.equal(needed(true, 'docs/spec/upstream-tests.md'), []);
});

test('other text that looks like one is no id', () => {
  const text = `test('text is UTF-8, a digest SHA-256, over HTTP/2 (RFC 9113)', () => {});`;
  assert.equal(idsIn('x.test.ts', text), []);
});

test('a range of ids names those between', () => {
  const found = idsIn('x.test.ts', `test('R-14 to R-16 a fact', () => {});`);
  assert.equal(
    found.map(({ id }) => id),
    ['R-14', 'R-15', 'R-16'],
  );
});

test.run();
