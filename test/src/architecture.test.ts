import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { assert, suite } from '@etcdts/testing';
import { root } from './documents.ts';

const test = suite('docs/architecture.md');
const PAGE = 'docs/architecture.md';
const text = readFileSync(join(root, PAGE), 'utf8');

/** The links to files of a page: their text and the file, relative to the root. */
function linksOf(page: string): readonly { readonly shown: string; readonly target: string }[] {
  return [...page.matchAll(/\[([^\]]+)\]\((?!https?:|#)([^)#]+)[^)]*\)/g)].map(([, shown = '', target = '']) => ({
    shown,
    target: join(dirname(PAGE), target),
  }));
}

/** The files that the pictures of a page name. */
function pictured(page: string): readonly string[] {
  const pictures = [...page.matchAll(/^```\n([^]*?)^```$/gm)].map(([, picture = '']) => picture);
  return pictures.flatMap((picture) => picture.match(/[\w/.-]+\.ts\b/g) ?? []);
}

/** Names in the links of a page that their files do not contain. */
function unfounded(page: string): readonly string[] {
  return linksOf(page)
    .filter(({ shown, target }) => {
      const name = /^`(\w+)`$/.exec(shown)?.[1];
      return name !== undefined && !new RegExp(`\\b${name}\\b`).test(readFileSync(join(root, target), 'utf8'));
    })
    .map(({ shown, target }) => `${shown} in ${target}`);
}

test('every file that it links to exists, and contains the name by which it is linked', () => {
  const links = linksOf(text);
  assert.ok(links.length > 40, 'the page has another form');
  for (const { target } of links) assert.ok(existsSync(join(root, target)), target);
  assert.equal(unfounded(text), []);
});

test('every file in its pictures exists', () => {
  const files = pictured(text);
  assert.ok(files.length > 50, 'the page has another form');
  assert.equal(
    files.filter((file) => !existsSync(join(root, 'packages/core/src', file))),
    [],
  );
});

test('a name that its file lost is reported', () => {
  const link = ['[`Gone', 'Since`](../packages/core/src/call.ts)'].join('');
  assert.equal(unfounded(link), ['`GoneSince` in packages/core/src/call.ts']);
});

test('each term of its glossary is defined once', () => {
  const glossary = text.slice(text.indexOf('## Glossary'));
  const terms = [...glossary.matchAll(/^- \*\*(.+?)\*\*:/gm)].map(([, term]) => term);
  assert.ok(terms.length > 50, 'the page has another form');
  assert.equal(
    terms.filter((term, index) => terms.indexOf(term) !== index),
    [],
  );
});

test.run();
