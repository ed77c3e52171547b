import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { createClient } from '@etcdts/core';
import { assert, startEtcd, suite } from '@etcdts/testing';

const demo = fileURLToPath(new URL('../../examples/demo/dist/demo.js', import.meta.url));
const test = suite('demo', { timeoutMs: 60_000 });

interface Ending {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the demo as a reader would; `endpoints` as the reader would set them. */
function run(endpoints: string | undefined, signal: AbortSignal): Promise<Ending> {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, ETCD_ENDPOINTS: endpoints };
    const child = spawn(process.execPath, [demo], {
      env,
      signal,
      killSignal: 'SIGKILL',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
}

/** What a reader must have been told, in this order. */
const markers = [
  /^A story on a real etcd: etcd 3\.\d+\.\d+ at /m,
  /^1 {2}Two tenants/m,
  /· KV\.Put +\d+(\.\d)? ms$/m,
  /blue +sees motto = 'sky', and nothing else$/m,
  /green\/motto$/m,
  /^2 {2}A service/m,
  /\+ services\/api came: 10\.0\.0\.7:8080$/m,
  /~ services\/api changed: 10\.0\.0\.7:9090$/m,
  /^3 {2}Two candidates/m,
  /alice +won, at revision \d+$/m,
  /bob +lost: the leader is 'alice'$/m,
  /^4 {2}The connection is cut/m,
  /· Watch\.Watch +stream lost: UNAVAILABLE$/m,
  /network +is back$/m,
  /· Watch\.Watch +\d+(\.\d)? ms {2}watch resumed from revision \d+$/m,
  /orders accepted +300$/m,
  /keys in etcd +300 {3}300 of them written exactly once$/m,
  /events seen +300 {3}of 300 keys, in order of revision$/m,
  /✔ nothing lost, nothing applied twice$/m,
  /^5 {2}The service dies/m,
  /- services\/api is gone$/m,
  /^The end, after \d+\.\d s\./m,
];

function assertTold({ code, stdout, stderr }: Ending): void {
  assert.is(code, 0, stderr + stdout);
  let rest = stdout;
  for (const marker of markers) {
    const found = marker.exec(rest);
    assert.ok(found, `${marker} is missing, or comes too early, in\n${stdout}`);
    rest = rest.slice(found.index);
  }
  assert.is(stdout.includes('\u001b'), false, 'no colours where there is no terminal');
}

test('tells its story on an etcd of its own', async ({ signal }) => {
  assertTold(await run(undefined, signal));
});

test('tells its story on the etcd of ETCD_ENDPOINTS and leaves nothing there', async ({ signal }) => {
  await using etcd = await startEtcd();
  assertTold(await run(`${etcd.endpoint},127.0.0.1:1`, signal));
  await using client = createClient({ endpoints: etcd.endpoint });
  assert.is((await client.kv.get('', { prefix: true })).count, 0);
});

test('ends with 1 and says why where no etcd answers', async ({ signal }) => {
  const { code, stderr } = await run('127.0.0.1:1', signal);
  assert.is(code, 1);
  assert.match(stderr, /The demo failed: no etcd answers at 127\.0\.0\.1:1 \(ETCD_ENDPOINTS\): UNAVAILABLE: /);
});

test.run();
