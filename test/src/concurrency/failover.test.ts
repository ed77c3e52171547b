// limit: 200 s
// What happens to a lock whose holder is killed. A hundred times:
//   FAILOVERS=100 npm test -- concurrency/failover
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { createClient } from '@etcdts/core';
import { mutex, openSession } from '@etcdts/concurrency';
import { assert, startEtcd, suite } from '@etcdts/testing';

const FAILOVERS = Number(process.env['FAILOVERS'] ?? 10);
const TTL = 2;
/** How many holders live at once, each killed at a moment of its own. */
const TOGETHER = 5;
const holder = fileURLToPath(new URL('safety/holder.js', import.meta.url));

const test = suite('failover of locks', { timeoutMs: 180_000 });

test(`MX-03 SE-10 a holder is killed ${FAILOVERS} times: the one who waits has the lock when the lease is over, and not before the holder is gone`, async () => {
  await using etcd = await startEtcd();
  await using client = createClient({ endpoints: etcd.endpoint });
  await using session = await openSession(client, { ttl: 60 });
  const waits: number[] = [];
  const fail = async (name: string, delayMs: number): Promise<void> => {
    const child = fork(holder, [etcd.endpoint, String(TTL), name]);
    try {
      await once(child, 'message');
      let acquired = Infinity;
      const next = mutex(session, name)
        .lock()
        .then((lock) => ((acquired = performance.now()), lock));
      await new Promise((resolve) => setTimeout(resolve, delayMs));
      child.kill('SIGKILL');
      const killed = performance.now();
      const lock = await next;
      assert.ok(acquired > killed);
      waits.push(acquired - killed);
      await lock.unlock();
    } finally {
      child.kill('SIGKILL');
    }
  };
  for (let round = 0; round < FAILOVERS / TOGETHER; round++) {
    await Promise.all(Array.from({ length: TOGETHER }, (_, i) => fail(`failover-${round}-${i}`, 200 * i)));
  }
  waits.sort((a, b) => a - b);
  console.log(
    `waits after the kill: median ${Math.round(waits[waits.length >> 1] as number)} ms, longest ${Math.round(waits.at(-1) as number)} ms; ` +
      `${waits.filter((ms) => ms <= (TTL + 1) * 1_000).length} of ${waits.length} within the time to live and a second`,
  );
  assert.is(waits.length, Math.ceil(FAILOVERS / TOGETHER) * TOGETHER);
});

test.run();
