import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { assert, suite } from '@etcdts/testing';

interface Result {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly output: string;
}

type RunFile = (path: string, options?: { limitMs?: number }) => Promise<Result>;
type CheckFile = (file: string, text: string) => string[];

const scripts = new URL('../../scripts/', import.meta.url);
const { runFile } = (await import(new URL('run-file.mjs', scripts).href)) as { runFile: RunFile };
const { checkFile } = (await import(new URL('check-arrows.mjs', scripts).href)) as { checkFile: CheckFile };

/** What the runner makes of a test file with this body. */
async function judge(body: string, limitMs = 20_000): Promise<Result> {
  const folder = await mkdtemp(join(tmpdir(), 'etcdts-runner-'));
  const file = join(folder, 'x.test.mjs');
  try {
    await writeFile(file, `import { suite } from ${JSON.stringify(import.meta.resolve('@etcdts/testing'))};\n${body}`);
    return await runFile(file, { limitMs });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const runner = suite('runner', { timeoutMs: 30_000 });

runner('counts what passed, failed and was skipped', async () => {
  const { passed, failed, skipped } = await judge(`
    const test = suite('s'); test('a', () => {}); test('b', () => { throw 1 }); test.skip('c', 'later'); test.run();`);
  assert.equal([passed, failed, skipped], [1, 1, 1]);
});

const hazards: Record<string, string> = {
  'a file without tests': `suite('s').run();`,
  'a file that does not use suite()': ``,
  'a file that does not parse': `const;`,
  'a forgotten run': `suite('s')('a', () => {});`,
  'a throwing before hook': `const s = suite('s'); s.before(() => { throw 1 }); s('a', () => {}); s.run();`,
  'a leak': `const s = suite('s'); s('a', () => { setInterval(() => {}, 99) }); s.run();`,
  'an exit in the middle': `const s = suite('s'); s('a', () => process.exit(0)); s.run();`,
  'a process that is killed': `const s = suite('s'); s('a', () => process.kill(process.pid, 'SIGKILL')); s.run();`,
  'an exit code that contradicts': `const s = suite('s'); s('a', () => {}); s.run(); process.exitCode = 3;`,
};

for (const [name, body] of Object.entries(hazards)) {
  runner(`counts ${name} as failed`, async () => {
    const { failed, output } = await judge(body);
    assert.ok(failed > 0, output);
  });
}

runner('kills a file that blocks past its limit, with the processes it started', async () => {
  const started = performance.now();
  const { failed, output } = await judge(
    `import { spawn } from 'node:child_process';
     const s = suite('s'); s('a', () => { spawn('sleep', ['60'], { stdio: 'inherit' }); for (;;); }); s.run();`,
    1_000,
  );
  assert.is(failed, 1);
  assert.match(output, /longer than its limit of 1 s/);
  assert.ok(performance.now() - started < 10_000);
});

runner.run();

const arrows = suite('import rules');

const forbidden: [file: string, text: string][] = [
  ['packages/core/src/kv/kv.ts', `import { x } from '@etcdts/namespace';`],
  ['packages/core/src/kv/kv.ts', `import type { Metadata } from '@grpc/grpc-js';`],
  ['packages/core/src/pipeline/pipeline.ts', `import { load } from '@grpc/proto-loader';`],
  ['packages/core/src/client.ts', `import { container } from 'tsyringe';`],
  ['packages/core/src/transport/grpc.ts', `import {\n  run,\n} from '../pipeline/pipeline.ts';`],
  ['packages/core/src/errors.ts', `export { kv } from './kv/kv.ts';`],
  ['packages/core/src/kv/kv.ts', `const x = await import('../client.ts');`],
  ['packages/retry/src/index.ts', `import { x } from '@etcdts/core/dist/client.js';`],
  ['packages/retry/src/index.ts', `import { x } from '@etcdts/core/internal';`],
  ['packages/core/src/kv/kv.ts', `import { x } from '@etcdts/core/plugin';`],
  ['packages/core/src/methods.ts', `import { descriptor } from '@etcdts/proto';`],
  ['packages/testing/src/index.ts', `import { descriptor } from '@etcdts/proto';`],
  ['test/src/x.ts', `import { descriptor } from '@etcdts/proto';`],
  ['packages/core/src/kv/kv.ts', `import { x } from '../plugin.ts';`],
  ['packages/retry/src/index.ts', `import { suite } from '@etcdts/testing';`],
  ['packages/retry/src/index.ts', `import '../../core/src/client.ts';`],
  ['packages/retry/src/index.ts', `import { x } from '@etcdts/namespace';`],
  ['packages/retry/src/x.test.ts', `import { suite } from 'uvu';\nsuite.run();`],
  ['test/src/x.test.ts', `test.only('x', () => {});\ntest.run();`],
  ['test/src/x.test.ts', `test('x', () => {});`],
];

for (const [file, text] of forbidden) {
  arrows(`refuse ${text.split('\n')[0]} in ${file}`, () => {
    assert.is(checkFile(file, text).length, 1);
  });
}

arrows('let the arrows of the design pass', () => {
  const allowed: [file: string, text: string][] = [
    ['packages/core/src/client.ts', `import { a } from './container.ts';\nimport { b } from './errors.ts';`],
    ['packages/core/src/container.ts', `import 'reflect-metadata';\nimport { grpc } from './transport/grpc.ts';`],
    ['packages/core/src/transport/grpc.ts', `import { Client } from '@grpc/grpc-js';`],
    ['packages/core/src/codec/descriptors.ts', `const x = import('@etcdts/proto');`],
    ['packages/embedded/src/wire/descriptors.ts', `import { descriptor } from '@etcdts/proto';`],
    ['packages/retry/src/index.ts', `import { EtcdError } from '@etcdts/core';`],
    ['packages/retry/src/index.ts', `import type { Interceptor } from '@etcdts/core/plugin';`],
    ['packages/retry/src/x.test.ts', `import { suite } from '@etcdts/testing';\ntest.run();`],
    ['packages/testing/src/suite.ts', `import { suite } from 'uvu';`],
  ];
  for (const [file, text] of allowed) assert.equal(checkFile(file, text), []);
});

arrows('name the line', () => {
  const text = `// a comment\n\nimport { suite } from 'uvu';\n`;
  assert.equal(checkFile('packages/core/src/kv/kv.ts', text), ['packages/core/src/kv/kv.ts:3  may not import uvu']);
});

arrows.run();
