// not about the server
// That the documents are found from README.md, that a newcomer is led from page to page, and that no block of code is left out.
import { existsSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { assert, suite } from '@etcdts/testing';
import { blocksOf, documents, root, textOf } from './documents.ts';
import { newcomersPath } from './newcomers-path.ts';

const test = suite('the way through the documents');
const all = documents();
const guides = all.map(({ path }) => path).filter((path) => /^docs\/[^/]+$/.test(path));

/** The files that a document links, relative to the root. */
function linked(path: string): readonly string[] {
  const targets = [...textOf(path).matchAll(/\]\((?!https?:)([^)#]+)[^)]*\)/g)].map(([, target]) => target as string);
  return targets.map((target) => normalize(join(dirname(path), target)));
}

/** As GitHub makes the anchor of a heading. */
function anchorOf(heading: string): string {
  const plain = heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1').replaceAll('`', '');
  return plain
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}_ -]/gu, '')
    .replaceAll(' ', '-');
}

function anchorsOf(path: string): ReadonlySet<string> {
  const text = textOf(path).replaceAll(/^```[^]*?^```$/gm, '');
  return new Set([...text.matchAll(/^#+ (.+)$/gm)].map(([, heading]) => anchorOf(heading as string)));
}

test('README.md links every page of docs', () => {
  const links = linked('README.md');
  for (const guide of guides) assert.ok(links.includes(guide), guide);
});

test('every page of docs begins with its title, and has no other one', () => {
  for (const guide of guides) {
    const text = textOf(guide).replaceAll(/^```[^]*?^```$/gm, '');
    assert.match(text, /^# \S/);
    assert.is(text.match(/^# /gm)?.length, 1, guide);
  }
});

test('every link to a heading of a document leads to one', () => {
  for (const { path, text } of all) {
    for (const [, file = '', anchor = ''] of text.matchAll(/\]\((?!https?:)([^)#]*)#([^)]+)\)/g)) {
      const target = file === '' ? path : normalize(join(dirname(path), file));
      if (!target.endsWith('.md') || !existsSync(join(root, target))) continue;
      assert.ok(anchorsOf(target).has(anchor), `${path} links ${file}#${anchor}`);
    }
  }
});

test('a newcomer is led from README.md over TLS and a password, a prefix and a lock to metrics, by code that runs', () => {
  const path = newcomersPath();
  assert.equal(
    path.map(({ page }) => page),
    ['docs/tls.md', 'docs/copies.md', 'docs/locks-and-elections.md', 'packages/metrics/README.md'],
  );
  const shown = [/https:.*auth\(/s, /follow\(client/, /mutex\(/, /metrics\(\{/];
  for (const [step, { page, program }] of path.entries()) assert.match(program.code, shown[step] as RegExp, page);
});

/** Code that cannot be run: of other packages, of servers that do not exist, and what the compiler refuses. */
const NOT_RUN: Readonly<Record<string, number>> = {
  'docs/auth.md': 3,
  'docs/interceptors.md': 1,
  'docs/locks-and-elections.md': 1,
  'docs/mistakes.md': 2,
  'docs/testing-your-code.md': 1,
};
/** What else a block may hold; JavaScript only in a list of what a package needs. */
const LANGUAGES = ['', 'sh', 'json', 'yaml', 'diff'];

test('every block of TypeScript is part of a program that a test runs, but for those that are known', () => {
  for (const document of all) {
    const fences = [...document.text.matchAll(/^[ >]*(?:```|~~~)(.*)$/gm)].map(([, mark]) => (mark as string).trim());
    const opening = fences.filter((_, index) => index % 2 === 0);
    const programs = blocksOf(document);
    const parts = programs.reduce((sum, program) => sum + program.parts, 0);
    const others = opening.filter((mark) => !/^ts\b/.test(mark));
    assert.is(parts, opening.length - others.length, document.path);
    assert.is(programs.filter(({ runs }) => !runs).length, NOT_RUN[document.path] ?? 0, document.path);
    const known = document.path === 'docs/interceptors.md' ? [...LANGUAGES, 'js'] : LANGUAGES;
    for (const mark of others) assert.ok(known.includes(mark), `${document.path}: ${mark}`);
  }
});

test.run();
