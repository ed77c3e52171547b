import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createClient } from '@etcdts/core';
import { assert, startEtcd, type Suite } from '@etcdts/testing';
import { blocksOf, programOf, serverOf, textOf, type Block } from '../documents.ts';
import { newcomersPath } from '../newcomers-path.ts';
import { run } from '../program.ts';
import { startSecureEtcds } from '../secure-etcds.ts';
import type { InstalledPackages } from './installed-packages.ts';

const LIMIT_MS = 30_000;

function firstProgram(page: string): Block {
  return blocksOf({ path: page, text: textOf(page) }).find(({ runs }) => runs) as Block;
}

/** The tests of the first pages that a reader meets: their code runs as it is printed, with what is published. */
export function newcomer(test: Suite, installed: () => InstalledPackages): void {
  test('run the first program of README.md and of each page on the way of a newcomer, as it is printed', async ({
    skip,
  }) => {
    const secure = (await startSecureEtcds()) ?? skip('openssl is not installed');
    await using etcd = await startEtcd();
    await using client = createClient({ endpoints: etcd.endpoint });
    try {
      const programs = [firstProgram('README.md'), ...newcomersPath().map(({ program }) => program)];
      const folder = join(installed().app, 'newcomer');
      await mkdir(folder, { recursive: true });
      for (const [step, program] of programs.entries()) {
        const server = serverOf(program) === 'tls' ? secure.tls : etcd;
        const text = programOf(program, { endpoint: `'${server.endpoint}'`, claims: true });
        await writeFile(join(folder, `step-${step}.ts`), text);
      }
      const files = programs.map((_, step) => `newcomer/step-${step}.ts`);
      await installed().compile('app', files, { types: ['node'] });
      for (const [step, { name }] of programs.entries()) {
        const program = join(installed().app, `out/newcomer/step-${step}.js`);
        const env = { ...process.env, ETCDTS_TEST_REPORT_FD: undefined, ETCD_PASSWORD: secure.password };
        const { code, output } = await run([program], { cwd: secure.folder, env, limitMs: LIMIT_MS });
        // The next one starts on an empty store, as its reader does.
        await client.kv.delete('', { prefix: true });
        assert.is(code, 0, `${name}\n${output}`);
      }
    } finally {
      await secure.close();
    }
  });

  test('run the tour as JavaScript, as it is printed', async () => {
    const folder = join(installed().app, 'tour');
    await mkdir(folder, { recursive: true });
    const program = join(folder, 'tour.mjs');
    await writeFile(program, programOf(firstProgram('docs/tour.md'), { endpoint: '', claims: true }));
    const env = { ...process.env, ETCDTS_TEST_REPORT_FD: undefined };
    const { code, output } = await run([program], { cwd: folder, env, limitMs: LIMIT_MS });
    assert.is(code, 0, output);
  });
}
