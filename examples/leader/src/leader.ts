// Two processes, of which one leads and counts. The leader is killed, frozen, and cut off from etcd; each time the other one takes over.
// What a leader writes too late is refused: in etcd by isLeader(), and outside by its token. Takes about ten seconds, on POSIX systems.
//   ETCD_ENDPOINTS=localhost:2379 node examples/leader/dist/leader.js
import { randomBytes } from 'node:crypto';
import { createClient } from '@etcdts/core';
import { eventually } from '@etcdts/testing';
import { History, leadersOf } from './counts.ts';
import { Candidate, type Setting } from './process.ts';
import { Resource, type Count } from './resource.ts';

const [endpoint = ''] = (process.env['ETCD_ENDPOINTS'] ?? 'localhost:2379').split(',');
const prefix = `leader-${randomBytes(4).toString('hex')}/`;

/** Waits until another process leads, and has counted. Prints how long it took. */
async function takeOver(next: Candidate): Promise<void> {
  const since = performance.now();
  await next.next('leads with');
  console.log(`   => ${next.name} leads after ${((performance.now() - since) / 1000).toFixed(1)} s`);
  await counts(next);
}

/** Waits until a leader has done a whole step. */
async function counts(leader: Candidate): Promise<void> {
  for (let step = 0; step < 2; step++) await leader.next('computes');
}

async function kill(leader: Candidate, other: Candidate): Promise<void> {
  console.log(`\n${leader.name} is killed: its lease expires, and etcd deletes its key`);
  const over = takeOver(other);
  leader.signal('SIGKILL');
  await over;
}

async function freeze(leader: Candidate, other: Candidate): Promise<void> {
  console.log(`\n${leader.name} is frozen in the middle of a step (SIGSTOP), and goes on when the other one leads`);
  await leader.next('computes');
  const over = takeOver(other);
  leader.signal('SIGSTOP');
  await over;
  const refused = Promise.all([leader.next('is refused by etcd'), leader.next('is refused by the resource')]);
  leader.signal('SIGCONT');
  await refused;
}

async function cutOff(leader: Candidate, other: Candidate): Promise<void> {
  console.log(`\n${leader.name} has no network to etcd any more; the resource it still reaches`);
  const over = takeOver(other);
  leader.network.blackhole();
  await over;
  await leader.network.heal();
}

async function story(setting: Setting): Promise<void> {
  await using first = await Candidate.start('worker-1', setting);
  await first.next('leads with');
  await using second = await Candidate.start('worker-2', setting);
  await counts(first);
  await kill(first, second);
  await using third = await Candidate.start('worker-3', setting);
  await freeze(second, third);
  await cutOff(third, second);
  console.log('\nBoth get SIGTERM, close their sessions, and end');
  for (const one of [second, third]) one.signal('SIGTERM');
  const codes = await Promise.all([second.exit(), third.exit()]);
  if (codes.some((code) => code !== 0)) throw new Error(`they ended with ${codes.join(' and ')}`);
}

await using resource = await Resource.start();
await using client = createClient({ endpoints: endpoint });
try {
  await using history = await History.of(client, `${prefix}counter`);
  await story({ endpoint, resource: resource.url, prefix });
  const [last] = (await client.kv.get(`${prefix}counter`)).kvs;
  await eventually(() => history.written.length === Number(last?.version), {
    describe: () => `the history has ${last?.version} writes, not ${history.written.length}`,
  });
  const { count } = await client.kv.get(`${prefix}election/`, { prefix: true });
  if (count > 0) throw new Error(`${count} keys of candidates are left`);
  const report = (where: string, counts: readonly Count[]): void =>
    console.log(`${where} ${counts.length} writes by ${leadersOf(counts)} leaders, each one more than the last`);
  console.log('');
  report('in etcd:', history.written);
  report('outside:', resource.accepted);
} finally {
  await client.kv.delete(prefix, { prefix: true });
}
