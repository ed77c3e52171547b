// limit: 300 s
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createClient, remedyOf } from '@etcdts/core';
import { errorCodes } from '@etcdts/core/plugin';
import { assert, startEtcd, suite, type EtcdServer } from '@etcdts/testing';
import { blocksOf, compile, documents, root, runBlock, serverOf } from './documents.ts';

/** A document whose blocks go on from one another; a test of its own runs them. */
const ELSEWHERE = 'docs/namespaces.md';

const PLACE = 'documents';
const test = suite('documents', { timeoutMs: 60_000 });
const all = documents();
const blocks = all.filter(({ path }) => path !== ELSEWHERE).flatMap(blocksOf);

let etcd: EtcdServer;
let complaints: string;

test.before(async () => {
  etcd = await startEtcd();
  complaints = await compile(blocks, { place: PLACE, endpoint: `'${etcd.endpoint}'`, claims: true });
});

test.after(async () => {
  await etcd.close();
});

test('have code that is correct by its types', () => {
  assert.is(complaints, '');
});

for (const block of blocks.filter((one) => one.runs && serverOf(one) === 'plain')) {
  test(`${block.name} runs to its end, and what it claims is so`, async () => {
    const { code, output } = await runBlock(block, PLACE);
    // For the next one, which starts on an empty store as its reader does.
    await using client = createClient({ endpoints: etcd.endpoint });
    await client.kv.delete('', { prefix: true });
    assert.is(code, 0, output);
  });
}

for (const { path, text } of all) {
  test(`${path} has code, and no link and no command that leads nowhere`, () => {
    assert.ok(text.length > 0, 'the document is missing');
    const scripts = Object.keys(
      (JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: object }).scripts,
    );
    for (const [, script = 'test'] of text.matchAll(/\bnpm (?:run ([\w:]+)|test\b)/g))
      assert.ok(scripts.includes(script), script);
    for (const [, target = ''] of text.matchAll(/\]\((?!https?:)([^)#]*)[^)]*\)/g)) {
      assert.ok(existsSync(join(root, dirname(path), target)), `a link to ${target}`);
    }
  });
}

test('no code needs a newer syntax than that of Node 20: it closes what it has made', () => {
  for (const { path, text } of all)
    for (const [block] of text.matchAll(/^```(?:ts|js).*\n[^]*?^```$/gm))
      assert.not.match(block, /\busing \w+ =/, path);
});

test('docs/errors.md names every code, and each verdict that leaves a write unknown as such', () => {
  const text = readFileSync(join(root, 'docs/errors.md'), 'utf8');
  const data = readFileSync(join(root, 'packages/core/src/error-codes.ts'), 'utf8');
  const rows = [...data.matchAll(/^ {2}([A-Z_]+): \[\s*'[A-Z_]+',\s*'([a-z-]+)',\s*'[a-z]+',\s*'etcdserver: /gm)];
  const own = [...(/type ClientCode =([^;]*);/.exec(data)?.[1] ?? '').matchAll(/'([A-Z_]+)'/g)];
  assert.ok(rows.length > 60 && own.length > 5, 'the data has another form');
  for (const [, code = ''] of [...rows, ...own]) assert.ok(text.includes(`\`${code}\``), code);
  const [listed = ''] = /^The verdicts that etcd gives after[^]*?\.$/m.exec(text) ?? [];
  const unknown = rows.filter(([, , outcome]) => outcome === 'unknown').map(([, code]) => code);
  assert.equal([...listed.matchAll(/`([A-Z_]+)`/g)].map(([, code]) => code).toSorted(), unknown.toSorted());
});

test("docs/errors.md lists the codes of each remedy as core's table has them", () => {
  const text = readFileSync(join(root, 'docs/errors.md'), 'utf8');
  for (const remedy of ['again', 'elsewhere', 'later', 'token']) {
    const [row = ''] = new RegExp(`^\\| \`${remedy}\`.*$`, 'm').exec(text) ?? [];
    const listed = [...row.matchAll(/`([A-Z_]+)`/g)].map(([, code]) => code);
    assert.equal(
      listed.toSorted(),
      errorCodes()
        .filter((code) => remedyOf(code) === remedy)
        .toSorted(),
      remedy,
    );
  }
});

test.run();
