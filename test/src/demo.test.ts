import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { createClient } from '@etcdts/core';
import { assert, startEtcd, suite } from '@etcdts/testing';
import { run, type Ending } from './program.ts';

const demo = fileURLToPath(new URL('../../examples/demo/dist/demo.js', import.meta.url));
const test = suite('demo', { timeoutMs: 60_000 });

/** Runs the demo as a reader does, with the reader's `endpoints`. */
function runDemo(endpoints?: string): Promise<Ending> {
  return run([demo], { limitMs: 60_000, env: { ...process.env, ETCD_ENDPOINTS: endpoints } });
}

/** The lines that the demo must print, in this order. */
const markers = [
  /^A story on (a real|the embedded) etcd: etcd 3\.\d+\.\d+ at /m,
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
  /· Watch\.Watch +\d+(\.\d)? ms {2}watch from revision \d+$/m,
  /orders accepted +300$/m,
  /keys in etcd +300 {3}300 of them written exactly once$/m,
  /events seen +300 {3}of 300 keys, in order of revision$/m,
  /✔ nothing lost, nothing applied twice$/m,
  /^5 {2}The service dies/m,
  /- services\/api is gone$/m,
  /^6 {2}The leader stands still/m,
  /alice +leads with the token \d+; now her event loop is blocked$/m,
  /bob +leads with the token \d+, after \d+\.\d s$/m,
  /alice +goes on: her signal has aborted \(LEASE_LOST\), her write is refused by isLeader\(\)$/m,
  /✔ the course is 'south', as its leader has it$/m,
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

test('prints its story on an etcd of its own', async () => {
  assertTold(await runDemo());
});

test('prints its story on the embedded etcd where there is no other', async () => {
  const env = { ...process.env, ETCD_ENDPOINTS: '', ETCD_BIN: '', PATH: '' };
  // The demo runs outside of the folder in which a fetched etcd may lie.
  const ending = await run([demo], { limitMs: 60_000, env, cwd: tmpdir() });
  assertTold(ending);
  assert.match(ending.stdout, /^A story on the embedded etcd: /m);
});

test('prints its story on the etcd of ETCD_ENDPOINTS and leaves nothing there', async () => {
  await using etcd = await startEtcd();
  assertTold(await runDemo(`${etcd.endpoint},127.0.0.1:1`));
  await using client = createClient({ endpoints: etcd.endpoint });
  assert.is((await client.kv.get('', { prefix: true })).count, 0);
});

test('ends with 1 and gives the reason where no etcd answers', async () => {
  const { code, stderr } = await runDemo('127.0.0.1:1');
  assert.is(code, 1);
  assert.match(stderr, /The demo failed: no etcd answers at 127\.0\.0\.1:1 \(ETCD_ENDPOINTS\): UNAVAILABLE: /);
});

test.run();
