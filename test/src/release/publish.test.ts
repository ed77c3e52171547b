// not about the server
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';
import { assert, rejects, suite } from '@etcdts/testing';
import { root } from '../documents.ts';
import { script } from './scripts.ts';

const { inOrder, refusal, tooOld } = await script('publish');
const execute = promisify(execFile);

const test = suite('publishing', { timeoutMs: 120_000 });

const workflow = {
  GITHUB_ACTIONS: 'true',
  ACTIONS_ID_TOKEN_REQUEST_URL: 'https://example.org',
  GITHUB_REF_TYPE: 'tag',
};

test('a package comes after those that it depends on', () => {
  const one = (name: string, manifest: object): { name: string; manifest: { readonly [field: string]: unknown } } => ({
    name,
    manifest: { ...manifest },
  });
  const packages = [
    one('a', { peerDependencies: { d: '^1' } }),
    one('b', {}),
    one('c', { dependencies: { a: '^1', other: '^1' } }),
    one('d', { devDependencies: { c: '1' } }),
  ];
  assert.equal(
    inOrder(packages).map(({ name }) => name),
    ['d', 'a', 'b', 'c'],
  );
});

test('only a workflow that a tag started, and that can prove itself, publishes', () => {
  assert.is(refusal(workflow), undefined);
  for (const name of Object.keys(workflow))
    assert.match(refusal({ ...workflow, [name]: undefined }) ?? '', /^Packages are published by .*release\.yml/);
  assert.match(refusal({ ...workflow, GITHUB_REF_TYPE: 'branch' }) ?? '', /^Packages are published/);
});

test('an npm that cannot publish without a token is refused', () => {
  assert.is(tooOld('11.5.1'), undefined);
  assert.is(tooOld('12.0.0'), undefined);
  assert.match(tooOld('11.5.0') ?? '', /^npm 11\.5\.0 cannot publish without a token/);
  assert.match(tooOld('10.8.2') ?? '', /^npm 10\.8\.2/);
});

test('npm run release refuses to publish from a machine of ours, and names what to run', async () => {
  const env = { PATH: process.env['PATH'], HOME: process.env['HOME'] };
  const error = await rejects(execute(process.execPath, ['scripts/release.mjs'], { cwd: root, env }));
  const { code, stdout, stderr } = error as Error & { code: number; stdout: string; stderr: string };
  assert.is(code, 1);
  assert.is(stdout, '');
  assert.match(stderr, /^Packages are published by \.github\/workflows\/release\.yml/);
  assert.match(stderr, /npm run release -- --dry-run/);
});

/** A registry that keeps the names, versions and tags that it is given. */
async function startRegistry(known: readonly string[]): Promise<{ url: string; got: string[]; close(): void }> {
  const got: string[] = [];
  const server = createServer((request, response) => {
    const name = decodeURIComponent((request.url ?? '').slice(1));
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      if (request.method === 'PUT') {
        const body = JSON.parse(Buffer.concat(parts).toString()) as {
          'dist-tags': Record<string, string>;
          access: string;
        };
        for (const [tag, version] of Object.entries(body['dist-tags']))
          got.push(`${name} ${version} ${tag} ${body.access}`);
        response.writeHead(name.endsWith('broken') ? 500 : 201).end('{}');
      } else if (known.includes(name)) {
        const versions = { '1.0.0': { name, version: '1.0.0' } };
        response.end(JSON.stringify({ name, 'dist-tags': { latest: '1.0.0' }, versions }));
      } else response.writeHead(404).end('{}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const close = (): void => {
    server.closeAllConnections();
    server.close();
  };
  return { url: `http://127.0.0.1:${port}/`, got, close };
}

test('what is there already is not published again; the rest is, in order, with its tag; the first failure ends it', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'etcdts-publish-'));
  const registry = await startRegistry(['@box/old']);
  try {
    const names = ['old', 'new', 'broken', 'after'];
    for (const name of names) {
      await mkdir(join(folder, name));
      const manifest = { name: `@box/${name}`, version: '1.0.0' };
      await writeFile(join(folder, name, 'package.json'), JSON.stringify(manifest));
    }
    await execute('npm', ['pack', '--silent', ...names.map((name) => `./${name}`)], { cwd: folder });
    const packages = names.map((name) => ({
      ...{ name: `@box/${name}`, version: '1.0.0' },
      tarball: join(folder, `box-${name}-1.0.0.tgz`),
    }));
    const npmrc = join(folder, 'npmrc');
    await writeFile(
      npmrc,
      `registry=${registry.url}\n${registry.url.slice(5)}:_authToken=sentinel-npm-token\nfetch-retries=0\n`,
    );
    const env = {
      PATH: process.env['PATH'],
      HOME: folder,
      npm_config_userconfig: npmrc,
      npm_config_cache: join(folder, 'cache'),
    };
    const { lines, error } = await publishElsewhere({ packages, env });
    assert.equal(lines, ['is there already: @box/old 1.0.0', 'published: @box/new 1.0.0 as beta']);
    assert.match(error, /^@box\/broken 1\.0\.0 was not published:\n/);
    assert.equal(registry.got, ['@box/new 1.0.0 beta public', '@box/broken 1.0.0 beta public']);
  } finally {
    registry.close();
    await rm(folder, { recursive: true });
  }
});

/** Calls `publishAll` in a thread, since it blocks the one that it is called in, and the registry answers in this one. */
async function publishElsewhere(workerData: object): Promise<{ lines: readonly string[]; error: string }> {
  const code = `
    const { parentPort, workerData: { packages, env, script } } = require('node:worker_threads');
    const lines = [];
    import(script)
      .then(({ publishAll }) => publishAll(packages, { tag: 'beta', provenance: false, env, print: (line) => lines.push(line) }))
      .then(() => 'none', (error) => error.message)
      .then((error) => parentPort.postMessage({ lines, error }));`;
  const path = new URL('../../../scripts/publish.mjs', import.meta.url).href;
  const worker = new Worker(code, { eval: true, workerData: { ...workerData, script: path } });
  try {
    return await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject));
  } finally {
    await worker.terminate();
  }
}

test.run();
