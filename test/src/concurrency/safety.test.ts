// limit: 480 s
// Mutual exclusion under faults, counted by a process that holds no lock. For five minutes:
//   SAFETY_SECONDS=300 npm test -- concurrency/safety
import { createClient } from '@etcdts/core';
import { assert, seeded, startCluster, startProxy, suite } from '@etcdts/testing';
import { breakConnections, compact, killMembers } from './safety/faults.ts';
import { Judge, type Worker } from './safety/judge.ts';

const SECONDS = Number(process.env['SAFETY_SECONDS'] ?? 20);
const SEED = Number(process.env['SAFETY_SEED'] ?? 1);
const PROCESSES = 8;
const TTL = 2;
const NAMES = Array.from({ length: 6 }, (_, i) => `contended-${i}`);

const test = suite('locks under faults', { timeoutMs: (SECONDS + 60) * 1_000 });

/** Pauses one holder after the other, by a stop of its process or a block of its event loop, for 1, 1.5 and 2 times to live. */
async function pauseHolders(judge: Judge, random: () => number, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const idle = judge.workers.filter(({ busy }) => !busy);
    const one = idle[Math.floor(random() * idle.length)] as Worker;
    one.busy = true;
    const ms = [1, 1.5, 2][Math.floor(random() * 3)] as number;
    await (random() < 0.5 ? one.freeze(ms * TTL * 1_000) : one.block(ms * TTL * 1_000));
    one.busy = false;
    judge.verdict.pauses++;
  }
}

test(`MX-01 to MX-14 SE-11 ${PROCESSES} processes and ${NAMES.length} locks, for ${SECONDS} s with pauses, cuts, lost replies, killed members and compactions: nobody reads a signal as open after the next holder`, async () => {
  const random = seeded(SEED);
  await using cluster = await startCluster({ members: 3 });
  const proxies = await Promise.all(cluster.members.map(({ endpoint }) => startProxy(endpoint)));
  const judge = new Judge();
  await using client = createClient({ endpoints: cluster.endpoints });
  try {
    await judge.start(
      PROCESSES,
      TTL,
      NAMES,
      proxies.map(({ endpoint }) => endpoint),
    );
    const ending = new AbortController();
    const { signal } = ending;
    const faults = [
      breakConnections(proxies, random, signal),
      killMembers(cluster, random, signal),
      compact(client, signal),
      ...Array.from({ length: 3 }, () => pauseHolders(judge, random, signal)),
    ];
    await new Promise((resolve) => setTimeout(resolve, SECONDS * 1_000));
    ending.abort();
    await Promise.all(faults);
    for (const proxy of proxies) await proxy.heal();
    const verdict = await judge.finish();
    const left = await Promise.all(
      NAMES.map(async (name) => (await client.kv.get(`${name}/`, { prefix: true, countOnly: true })).count),
    );
    console.log(JSON.stringify({ ...verdict, left }));

    assert.equal(verdict.failures, []);
    assert.is(verdict.overlaps, 0);
    assert.is(verdict.stale.accepted, 0);
    assert.is(verdict.guarded.wrong, 0);
    assert.equal(
      left,
      NAMES.map(() => 0),
    );
    // What shows that something was tried.
    assert.ok(verdict.handovers >= SECONDS, `${verdict.handovers} handovers`);
    assert.ok(verdict.pauses >= SECONDS / 10, `${verdict.pauses} pauses`);
    assert.ok(verdict.stale.offered > 0, `${verdict.stale.offered} stale tokens`);
    assert.ok(verdict.guarded.committed > 0 && verdict.guarded.refused > 0 && verdict.lost > 0);
  } finally {
    await judge[Symbol.asyncDispose]();
    await Promise.all(proxies.map((proxy) => proxy.close()));
  }
});

test.run();
