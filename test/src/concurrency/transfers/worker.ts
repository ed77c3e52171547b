// Moves money between accounts by transact, for a number of seconds, and prints a line of JSON. test/go/transfers does the same by
// clientv3's STM.
//   node worker.js <endpoints> <prefix> <round> <seconds>
import { createClient, isEtcdError } from '@etcdts/core';
import { transact, type Transaction } from '@etcdts/concurrency';
import { retry } from '@etcdts/retry';
import { ACCOUNTS, WORKERS, type Round } from './round.ts';

const [endpoints = '', prefix = '', round = '', seconds = ''] = process.argv.slice(2);
const client = createClient({ endpoints: endpoints.split(','), interceptors: [retry()] });
const ids: Pick<Round, 'committed' | 'unknown' | 'refused'> = { committed: [], unknown: [], refused: [] };
let conflicts = 0;
const random = (below: number): number => Math.floor(Math.random() * below);

async function balance(tx: Transaction, account: number): Promise<number> {
  return Number((await tx.get(`${prefix}account/${account}`))?.text());
}

/** Moves up to `most` from one account to another one, and notes that in the ledger under the id of the transfer. */
async function transfer(tx: Transaction, id: string, from: number, to: number, most: number): Promise<void> {
  const source = await balance(tx, from);
  const target = await balance(tx, to);
  const amount = Math.min(source, most);
  tx.put(`${prefix}account/${from}`, String(source - amount));
  tx.put(`${prefix}account/${to}`, String(target + amount));
  tx.put(`${prefix}ledger/${id}`, `${from} ${to} ${amount}`);
}

async function work(worker: number, until: number): Promise<void> {
  for (let n = 0; performance.now() < until; n++) {
    const id = `${round}-${worker}-${n}`;
    const from = random(ACCOUNTS);
    const to = (from + 1 + random(ACCOUNTS - 1)) % ACCOUNTS;
    const most = 1 + random(10);
    let runs = 0;
    try {
      await transact(client, (tx) => (runs++, transfer(tx, id, from, to, most)));
      ids.committed.push(id);
    } catch (error) {
      if (!isEtcdError(error)) throw error;
      ids[error.outcome === 'unknown' ? 'unknown' : 'refused'].push(id);
    }
    conflicts += Math.max(0, runs - 1);
  }
}

await client.ready();
const cpu = process.cpuUsage();
const until = performance.now() + Number(seconds) * 1_000;
await Promise.all(Array.from({ length: WORKERS }, (_, worker) => work(worker, until)));
const { user, system } = process.cpuUsage(cpu);
console.log(JSON.stringify({ ...ids, conflicts, cpuMillis: (user + system) / 1_000 }));
await client.close();
