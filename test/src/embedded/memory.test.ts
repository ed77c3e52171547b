// limit: 180 s
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { createClient, op } from '@etcdts/core';
import { assert, suite } from '@etcdts/testing';

const KEYS = 100_000;
const OPERATIONS = 40;
const CALLERS = 8;

const test = suite('embedded: memory', { timeoutMs: 150_000 });

test(`${KEYS} keys that are overwritten once and compacted take at most 1.2 times the memory`, async () => {
  const server = fileURLToPath(new URL('memory-server.js', import.meta.url));
  const child = fork(server, { execArgv: ['--expose-gc'] });
  const [endpoint] = (await once(child, 'message')) as [string];
  const memory = async (): Promise<number> => {
    child.send('memory');
    const [bytes] = (await once(child, 'message')) as [number];
    return bytes;
  };
  const client = createClient({
    endpoints: endpoint,
    // A process that collects its garbage on a busy machine answers nothing for seconds.
    keepalive: false,
    connectTimeoutMs: 60_000,
    requestTimeoutMs: Infinity,
  });
  const write = async (): Promise<void> => {
    let next = 0;
    const caller = async (): Promise<void> => {
      while (next < KEYS) {
        const puts = Array.from({ length: OPERATIONS }, () => op.put(`key/${next++}`, 'x'.repeat(60)));
        await client.kv.txn({ then: puts });
      }
    };
    await Promise.all(Array.from({ length: CALLERS }, caller));
  };
  try {
    const empty = await memory();
    await write();
    const before = await memory();
    await write();
    const overwritten = await memory();
    const { header, count } = await client.kv.get('key/', { prefix: true, countOnly: true });
    await client.kv.compact(header.revision);
    const after = await memory();
    const mib = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
    console.log(
      `empty ${mib(empty)}, written ${mib(before)}, overwritten ${mib(overwritten)}, compacted ${mib(after)}: ` +
        `${(after / before).toFixed(2)} times that before the overwriting`,
    );
    assert.is(count, KEYS);
    // Each key has its own history, so that compaction must find what is old in all of them.
    assert.ok(overwritten > before * 1.2, 'nothing was there to compact');
    assert.ok(after <= before * 1.2);
  } finally {
    await client.close();
    child.disconnect();
    await once(child, 'exit');
  }
});

test.run();
