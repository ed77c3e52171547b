import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { assert, suite } from '@etcdts/testing';

interface Result {
  readonly failed: number;
  readonly output: string;
  readonly secrets: { readonly connections: Readonly<Record<string, number>> };
}
interface Runner {
  checkTransport(env: Readonly<Record<string, string | undefined>>): void;
  findTestFiles(
    folders: readonly string[],
    filters: readonly string[],
    transport?: string,
  ): readonly { readonly source: string; readonly transport: string | undefined }[];
}

const scripts = new URL('../../scripts/', import.meta.url);
const { runFile } = (await import(new URL('run-file.mjs', scripts).href)) as {
  runFile(path: string, options: { env: NodeJS.ProcessEnv }): Promise<Result>;
};
const { checkTransport, findTestFiles } = (await import(new URL('run-files.mjs', scripts).href)) as Runner;

/** Two programs: a test file, and what it starts. Each has a client without a transport, and one or two that choose. */
const BODY = `
  const lost = (endpoint) => ({
    endpoint,
    connect: (observer) => setImmediate(() => observer.onLost({ details: 'no network', tls: false })),
    start() {},
    close() {},
  });
  const use = async (options) => {
    const client = createClient({ endpoints: '127.0.0.1:1', ...options });
    await client.kv.get('k', { timeoutMs: 5_000 }).catch(() => {});
    await client.close();
  };`;

/** How many connections a test file and its program make, by transport. */
async function connectionsOf(transport: string): Promise<Readonly<Record<string, number>>> {
  const folder = await mkdtemp(join(tmpdir(), 'etcdts-transports-'));
  const resolved = (name: string): string => JSON.stringify(import.meta.resolve(name));
  const program = `import { createClient } from ${resolved('@etcdts/core')}; ${BODY} await use({});`;
  const text = `
    import { spawnSync } from 'node:child_process';
    import { createClient } from ${resolved('@etcdts/core')};
    import { suite } from ${resolved('@etcdts/testing')};
    import { grpcInAnyCase } from ${JSON.stringify(new URL('transports.js', import.meta.url).href)};
    ${BODY}
    const test = suite('transports');
    test('connects', async () => {
      await use({});
      await use({ transport: { name: 'own', connect: lost } });
      await use({ transport: grpcInAnyCase() });
      const { status } = spawnSync(process.execPath, ['--input-type=module', '-e', ${JSON.stringify(program)}]);
      if (status !== 0) throw new Error('the program failed');
    });
    test.run();`;
  try {
    await writeFile(join(folder, 'x.test.mjs'), text);
    const env = { ...process.env, ETCDTS_TRANSPORT: transport };
    const { failed, output, secrets } = await runFile(join(folder, 'x.test.mjs'), { env });
    assert.is(failed, 0, output);
    return secrets.connections;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const test = suite('the transport under test', { timeoutMs: 30_000 });

test('is that of each client without one, also in programs that a test starts', async () => {
  assert.equal(await connectionsOf('http2'), { '@etcdts/http2': 2, own: 1, grpc: 1 });
  assert.equal(await connectionsOf('grpc'), { '@grpc/grpc-js': 2, own: 1, grpc: 1 });
});

test('is grpc or http2, and no other', () => {
  for (const name of [undefined, 'grpc', 'http2']) checkTransport({ ETCDTS_TRANSPORT: name });
  assert.throws(() => checkTransport({ ETCDTS_TRANSPORT: 'htttp2' }), /there are grpc and http2/);
});

test('is one after the other for files that say so, unless one is chosen', () => {
  const transportsOf = (name: string, chosen?: string): unknown =>
    findTestFiles(['test'], [name], chosen).map(({ transport }) => transport);
  assert.equal(transportsOf('src/kv-contract.test', 'grpc'), ['grpc']);
  assert.equal(transportsOf('src/kv-contract.test', 'http2'), ['http2']);
  if (process.env['ETCDTS_TRANSPORT'] !== undefined) return;
  assert.equal(transportsOf('src/kv-contract.test'), [undefined, 'http2']);
  assert.equal(transportsOf('src/transports.test'), [undefined]);
});

test.run();
