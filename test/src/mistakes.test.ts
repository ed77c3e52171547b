// docs/mistakes.md is what the code makes: a text of an error that changes has to be committed there too.
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { assert, createCertificates, NoOpenssl, suite } from '@etcdts/testing';
import { root } from './documents.ts';

const test = suite('mistakes', { timeoutMs: 60_000 });

test('the page has the errors that the code gives now', async ({ skip }) => {
  try {
    await (await createCertificates()).close();
  } catch (error) {
    if (error instanceof NoOpenssl) skip('openssl is not installed');
    throw error;
  }
  const script = join(root, 'scripts/mistakes.mjs');
  const { stdout } = await promisify(execFile)(process.execPath, [script]).catch((error: { stdout: string }) => error);
  assert.is(stdout, '', 'run node scripts/mistakes.mjs --write and commit docs/mistakes.md');
});

test('the page has at least 60 mistakes, each with an error, a cause and a remedy, and no secret', () => {
  const text = readFileSync(join(root, 'docs/mistakes.md'), 'utf8');
  const rows = text.split('\n').filter((line) => line.startsWith('| `'));
  assert.ok(rows.length >= 60, `${rows.length}`);
  for (const row of rows) {
    const cells = row.split(/(?<!\\)\|/).map((cell) => cell.trim());
    assert.is(cells.length, 6, row);
    assert.ok(
      cells.slice(1, -1).every((cell) => cell !== ''),
      row,
    );
    assert.match(cells[2] as string, /^`([A-Z_]+|TypeError): .+`$/);
    assert.not.match(cells[2] as string, /sentinel-|wrong-password/);
  }
  const written = rows.map((row) => row.split('|')[1]);
  assert.is(new Set(written).size, written.length);
});

test.run();
