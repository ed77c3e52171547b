// limit: 300 s
import { execFile, execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { createClient, type EtcdClient } from '@etcdts/core';
import { priorityQueue, queue } from '@etcdts/queue';
import { assert, eventually, startEtcd, suite, type EtcdServer } from '@etcdts/testing';
import { freshName } from './contract.ts';

const test = suite("queues shared with clientv3's recipes", { timeoutMs: 240_000 });
const execute = promisify(execFile);
const root = fileURLToPath(new URL('../../../', import.meta.url));

let etcd: EtcdServer;
let client: EtcdClient;
let program: string | undefined;

test.before(async () => {
  etcd = await startEtcd();
  client = createClient({ endpoints: etcd.endpoint });
  if (!hasGo()) return;
  const build = await execute(process.execPath, ['scripts/go-program.mjs', 'test/go/queuer'], { cwd: root });
  program = build.stdout.trim().split('\n').at(-1);
});
test.after(async () => {
  await client.close();
  await etcd.close();
});

function hasGo(): boolean {
  try {
    execFileSync('go', ['version']);
    return true;
  } catch {
    return false;
  }
}

/** Runs the Go program, and returns the lines that it prints. */
async function go(skip: (reason: string) => never, ...args: readonly string[]): Promise<string[]> {
  const path = program ?? skip('it needs Go');
  const { stdout } = await execute(path, [etcd.endpoint, ...args], { timeout: 60_000 });
  return stdout.split('\n').filter((line) => line !== '');
}

test('QU-01 QU-02 a queue is shared with Go in both directions, in order', async ({ skip }) => {
  const name = freshName();
  const one = queue(client, name);
  await one.enqueue('ours 1');
  await go(skip, 'queue', name, 'enqueue', 'theirs 1', 'theirs 2');
  await one.enqueue('ours 2');
  assert.equal(await go(skip, 'queue', name, 'dequeue', '1'), ['ours 1']);
  assert.is((await one.dequeue()).text(), 'theirs 1');
  assert.equal(await go(skip, 'queue', name, 'dequeue', '2'), ['theirs 2', 'ours 2']);
  assert.is(await one.tryDequeue(), undefined);

  const waiting = one.dequeue();
  await go(skip, 'queue', name, 'enqueue', 'woken by theirs');
  assert.is((await waiting).text(), 'woken by theirs');
  const theirs = go(skip, 'queue', name, 'dequeue', '1');
  await eventually(async () => (await client.kv.get(`${name}/`, { prefix: true, countOnly: true })).count === 0);
  await one.enqueue('woken by ours');
  assert.equal(await theirs, ['woken by ours']);
});

test('QU-06 RE-04 a priority queue is shared with Go, with one numbering', async ({ skip }) => {
  const name = freshName();
  const one = priorityQueue(client, name);
  await one.enqueue('5 a', 5);
  await go(skip, 'priority', name, 'enqueue', '5=5 b', '1=1 a', '65535=last');
  await one.enqueue('5 c', 5);
  await one.enqueue('1 b', 1);
  const { kvs } = await client.kv.get(`${name}/`, { prefix: true });
  assert.equal(
    kvs.map(({ key }) => key.toString().slice(name.length + 1)),
    [
      '00001/0000000000000000',
      '00001/0000000000000001',
      '00005/0000000000000000',
      '00005/0000000000000001',
      '00005/0000000000000002',
      '65535/0000000000000000',
    ],
  );
  assert.equal(await go(skip, 'priority', name, 'dequeue', '3'), ['1 a', '1 b', '5 a']);
  assert.is((await one.dequeue()).text(), '5 b');
  assert.equal(await go(skip, 'priority', name, 'dequeue', '2'), ['5 c', 'last']);
});

test('QU-06 enqueues of Go and of this client at once give each number once', async ({ skip }) => {
  const name = freshName();
  const one = priorityQueue(client, name);
  const texts = Array.from({ length: 40 }, (_, i) => `2=theirs ${i}`);
  const theirs = go(skip, 'priority', name, 'enqueue', ...texts);
  for (let i = 0; i < 40; i++) await one.enqueue(`ours ${i}`, 2);
  await theirs;
  const { kvs } = await client.kv.get(`${name}/`, { prefix: true });
  assert.equal(
    kvs.map(({ key }) => key.toString()),
    Array.from({ length: 80 }, (_, i) => `${name}/00002/${String(i).padStart(16, '0')}`),
  );
});

test('QU-05 Go takes no item that a receiver holds, and a receiver works on items of Go', async ({ skip }) => {
  const name = freshName();
  await go(skip, 'queue', name, 'enqueue', 'a', 'b', 'c');
  const one = queue(client, name);
  await using worker = one.receiver();
  const held = [await worker.receive(), await worker.receive()];
  assert.equal(
    held.map((delivery) => delivery.text()),
    ['a', 'b'],
  );
  assert.equal(await go(skip, 'queue', name, 'dequeue', '1'), ['c']);
  await held[0]?.ack();
  await held[1]?.release();
  // What came back is seen by this package only, as the README has it.
  assert.is((await client.kv.get(`${name}/`, { prefix: true })).count, 0);
  assert.is((await one.dequeue()).text(), 'b');
});

test.run();
