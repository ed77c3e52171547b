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
interface Arrows {
  /** The text of every source file, by its path below the root. */
  readonly readSources: () => Map<string, string>;
  readonly checkArrows: (sources: ReadonlyMap<string, string>) => string[];
  readonly checkFile: (file: string, text: string) => string[];
}

const scripts = new URL('../../scripts/', import.meta.url);
const { runFile } = (await import(new URL('run-file.mjs', scripts).href)) as { runFile: RunFile };
const { checkArrows, checkFile, readSources } = (await import(new URL('check-arrows.mjs', scripts).href)) as Arrows;

/** The runner's result for a test file with this body. */
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
  ['packages/core/src/kv/kv.ts', `import { connect } from 'node:tls';`],
  ['packages/core/src/methods.ts', `import { descriptor } from '@etcdts/proto';`],
  ['packages/testing/src/index.ts', `import { descriptor } from '@etcdts/proto';`],
  ['packages/core/src/methods.ts', `import { Fifo } from '@etcdts/framing';`],
  ['packages/embedded/src/server.ts', `import { Fifo } from '@etcdts/framing';`],
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
    ['packages/core/src/kv/kv.ts', `import type { TLSSocket } from 'node:tls';`],
    ['packages/core/src/codec/descriptors.ts', `const x = import('@etcdts/proto');`],
    ['packages/embedded/src/wire/descriptors.ts', `import { descriptor } from '@etcdts/proto';`],
    ['packages/embedded/src/http/connection.ts', `import { Fifo } from '@etcdts/framing';`],
    ['packages/http2/src/connection.ts', `import { Fifo } from '@etcdts/framing';`],
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

/** The violations in the sources of this repository after these lines are put in front of some of them. */
function planted(lines: Readonly<Record<string, string>>): string[] {
  const sources = readSources();
  for (const [file, line] of Object.entries(lines)) sources.set(file, `${line}\n${sources.get(file) ?? ''}`);
  return checkArrows(sources);
}

arrows('find nothing in this repository', () => {
  assert.equal(planted({}), []);
});

const circles: [what: string, lines: Record<string, string>, path: string][] = [
  [
    'of two files',
    {
      'packages/core/src/x.ts': `import { Y } from './y.ts';`,
      'packages/core/src/y.ts': `import { X } from './x.ts';`,
    },
    'packages/core/src/x.ts → packages/core/src/y.ts → packages/core/src/x.ts',
  ],
  [
    'of types only',
    {
      'packages/core/src/x.ts': `import type { Y } from './y.ts';`,
      'packages/core/src/y.ts': `import type { X } from './x.ts';`,
    },
    'packages/core/src/x.ts → packages/core/src/y.ts → packages/core/src/x.ts',
  ],
  [
    'that a re-export closes, in a plugin',
    { 'packages/a/src/x.ts': `export type { Y } from './y.ts';`, 'packages/a/src/y.ts': `import './x.ts';` },
    'packages/a/src/x.ts → packages/a/src/y.ts → packages/a/src/x.ts',
  ],
  [
    'that an import of a type in place closes, in the tests',
    { 'test/src/x.ts': `let y: import('./y.ts').Y;`, 'test/src/y.ts': `import type { X } from './x.ts';` },
    'test/src/x.ts → test/src/y.ts → test/src/x.ts',
  ],
  [
    'of three files, in the bench',
    {
      'bench/src/a.ts': `import './b.ts';`,
      'bench/src/b.ts': `import './c.ts';`,
      'bench/src/c.ts': `import './a.ts';`,
    },
    'bench/src/a.ts → bench/src/b.ts → bench/src/c.ts → bench/src/a.ts',
  ],
  [
    'of a file with itself, in an example',
    { 'examples/demo/src/x.ts': `import type { X } from './x.ts';` },
    'examples/demo/src/x.ts → examples/demo/src/x.ts',
  ],
  [
    'between two packages',
    {
      'packages/a/src/index.ts': `import type { B } from '@etcdts/b';`,
      'packages/b/src/index.ts': `import type { A } from '@etcdts/a';`,
    },
    'packages/a/src/index.ts → packages/b/src/index.ts → packages/a/src/index.ts',
  ],
];

for (const [what, lines, path] of circles) {
  arrows(`print a circle of imports as its path: ${what}`, () => {
    assert.equal(
      planted(lines).filter((line) => line.startsWith('a circle')),
      [`a circle of imports: ${path}`],
    );
  });
}

// From each floor of core a file on it and one on the floor above, which it may not import, not even as a type.
const floors = [
  ['leaves', 'errors.ts', 'transport', 'transport/transport.ts'],
  ['transport', 'transport/picker.ts', 'wire', 'wire/deadlines.ts'],
  ['wire', 'wire/exchange.ts', 'pipeline', 'pipeline/pipeline.ts'],
  ['pipeline', 'pipeline/pipeline.ts', 'contracts', 'kv/service.ts'],
  ['contracts', 'watch/service.ts', 'hubs', 'watch/hub.ts'],
  ['hubs', 'lease/keeper.ts', 'services', 'lease/rpc.ts'],
  ['services', 'kv/rpc.ts', 'facades', 'kv/kv.ts'],
  ['facades', 'maintenance/maintenance.ts', 'wrap', 'operations.ts'],
  ['wrap', 'wrap.ts', 'container', 'container.ts'],
  ['container', 'container.ts', 'client', 'client.ts'],
  ['client', 'client.ts', 'index', 'plugin.ts'],
] as const;

for (const [floor, file, above, target] of floors) {
  arrows(`refuse an import from ${floor} up to ${above}`, () => {
    const up = `${'../'.repeat(file.split('/').length - 1) || './'}${target}`;
    for (const statement of [`import { x } from '${up}';`, `import type { X } from '${up}';`]) {
      const found = checkFile(`packages/core/src/${file}`, statement);
      assert.equal(found, [`packages/core/src/${file}:1  imports ${target}, from ${floor} up to ${above}`]);
    }
  });
}

arrows('refuse a file of core that is on no floor', () => {
  const [found, ...more] = checkFile('packages/core/src/attic/box.ts', `import { EtcdError } from '../errors.ts';`);
  assert.match(found ?? '', /attic\/box\.ts is on no floor that scripts\/check-arrows\.mjs names/);
  assert.equal(more, []);
});

arrows.run();
