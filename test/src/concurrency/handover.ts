// How long a lock takes from the start of its unlock to the return of the next lock, between two clients; beside clientv3's, in turns
// on one etcd. It needs Go.
//   node test/dist/concurrency/handover.js [<count>]
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { createClient } from '@etcdts/core';
import { mutex, openSession } from '@etcdts/concurrency';
import { startEtcd } from '@etcdts/testing';

const ROUNDS = 5;
const count = Math.ceil(Number(process.argv[2] ?? 500) / ROUNDS);
const execute = promisify(execFile);
const root = fileURLToPath(new URL('../../../', import.meta.url));

const build = await execute(process.execPath, ['scripts/go-program.mjs', 'test/go/handover'], { cwd: root });
const program = build.stdout.trim().split('\n').at(-1) as string;

await using etcd = await startEtcd();

async function ours(name: string): Promise<number[]> {
  const clients = [createClient({ endpoints: etcd.endpoint }), createClient({ endpoints: etcd.endpoint })];
  const sessions = await Promise.all(clients.map((client) => openSession(client)));
  const locks = sessions.map((session) => mutex(session, name));
  const micros: number[] = [];
  let held = await locks[0]?.lock();
  for (let i = 0; i < count; i++) {
    const next = locks[(i + 1) % 2]?.lock();
    await new Promise((resolve) => setTimeout(resolve, 10));
    const begun = performance.now();
    const unlocked = held?.unlock();
    held = await next;
    micros.push((performance.now() - begun) * 1_000);
    await unlocked;
  }
  await Promise.all(sessions.map((session) => session.close()));
  await Promise.all(clients.map((client) => client.close()));
  return micros;
}

async function theirs(name: string): Promise<number[]> {
  const { stdout } = await execute(program, [etcd.endpoint, String(count), name]);
  return JSON.parse(stdout) as number[];
}

const all: { ours: number[]; theirs: number[] } = { ours: [], theirs: [] };
for (let round = 0; round < ROUNDS; round++) {
  all.ours.push(...(await ours(`handover-${round}`)));
  all.theirs.push(...(await theirs(`handover-of-go-${round}`)));
}
const millis = (micros: readonly number[], share: number): string => {
  const sorted = micros.toSorted((a, b) => a - b);
  return `${((sorted[Math.min(Math.floor(share * sorted.length), sorted.length - 1)] as number) / 1_000).toFixed(2)} ms`;
};
for (const [who, micros] of [
  ['@etcdts/concurrency', all.ours],
  ['clientv3/concurrency', all.theirs],
] as const) {
  const figures = [0.5, 0.9, 0.99].map((share) => `p${share * 100} ${millis(micros, share)}`);
  console.log(`${who.padEnd(21)} ${micros.length} handovers: ${figures.join(', ')}`);
}
