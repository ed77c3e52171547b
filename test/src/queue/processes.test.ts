// limit: 120 s
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { createClient, type EtcdClient } from '@etcdts/core';
import { queue, type Delivery } from '@etcdts/queue';
import { assert, startEtcd, suite, type EtcdServer } from '@etcdts/testing';
import { freshName } from './contract.ts';

const test = suite('receivers in processes of their own', { timeoutMs: 60_000 });
const TTL = 2;

let etcd: EtcdServer;
let client: EtcdClient;

test.before(async () => {
  etcd = await startEtcd();
  client = createClient({ endpoints: etcd.endpoint });
});
test.after(async () => {
  await client.close();
  await etcd.close();
});

interface Worker extends AsyncDisposable {
  readonly child: ChildProcess;
  /** The next line that it prints. */
  line(): Promise<string>;
}

function startWorker(name: string, items: number): Worker {
  const program = fileURLToPath(new URL('worker.js', import.meta.url));
  const child = spawn(process.execPath, [program, etcd.endpoint, name, String(TTL), String(items)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  return {
    child,
    line: async () => ((await lines.next()) as { value: string }).value,
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

test('QU-05 the items of a killed process come to another within the TTL and a second, in order', async () => {
  const name = freshName();
  const one = queue(client, name);
  for (let i = 0; i < 12; i++) await one.enqueue(String(i));
  await using dying = startWorker(name, 10);
  assert.is(await dying.line(), 'held 0 1 2 3 4 5 6 7 8 9');
  await using worker = one.receiver();
  for (const text of ['10', '11']) {
    const delivery = await worker.receive();
    assert.is(delivery.text(), text);
    await delivery.ack();
  }
  const waiting = worker.receive();
  dying.child.kill('SIGKILL');
  const killed = performance.now();
  const order: Delivery[] = [await waiting];
  const tookMs = performance.now() - killed;
  while (order.length < 10) order.push(await worker.receive());
  assert.equal(
    order.map((delivery) => `${delivery.text()} ${delivery.attempts}`),
    Array.from({ length: 10 }, (_, i) => `${i} 2`),
  );
  assert.ok(tookMs < TTL * 1_000 + 1_000, `it took ${tookMs} ms`);
  for (const delivery of order) await delivery.ack();
  assert.is(await one.tryDequeue(), undefined);
});

test('QU-05 a process that was stopped for two TTLs sees it before it goes on, and cannot acknowledge what another has done', async () => {
  const name = freshName();
  const one = queue(client, name);
  for (const text of ['a', 'b']) await one.enqueue(text);
  await using frozen = startWorker(name, 2);
  assert.is(await frozen.line(), 'held a b');
  frozen.child.kill('SIGSTOP');
  const stopped = performance.now();
  await using worker = one.receiver();
  const done: string[] = [];
  for (let i = 0; i < 2; i++) {
    const delivery = await worker.receive();
    done.push(delivery.text());
    await delivery.ack();
  }
  assert.equal(done, ['a', 'b']);
  await wait(2 * TTL * 1_000 - (performance.now() - stopped));
  frozen.child.stdin?.write('ack\n');
  frozen.child.kill('SIGCONT');
  assert.is(await frozen.line(), 'aborted:LOCK_LOST aborted:LOCK_LOST');
  frozen.child.stdin?.end();
  const [code] = (await once(frozen.child, 'exit')) as [number | null];
  assert.is(code, 0);
});

test('QU-05 a process that ends well gives its items back at once', async () => {
  const name = freshName();
  const one = queue(client, name);
  await one.enqueue('a');
  await using ending = startWorker(name, 1);
  assert.is(await ending.line(), 'held a');
  const waiting = one.dequeue();
  const began = performance.now();
  ending.child.stdin?.end();
  assert.is((await waiting).text(), 'a');
  assert.ok(performance.now() - began < 1_000);
});

test.run();
