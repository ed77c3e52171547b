// What the programs of a soak of transfers agree on, and how their work is checked.
import { op, type EtcdClient } from '@etcdts/core';

export const ACCOUNTS = 50;
export const WORKERS = 16;
const INITIAL = 100;

/** What one program reports of one round. Transfers are named by their ids. */
export interface Round {
  /** Transfers whose commit has been confirmed. */
  readonly committed: string[];
  /** Those that may have been committed. */
  readonly unknown: string[];
  /** Those that provably were not. */
  readonly refused: string[];
  /** Runs of a body beyond the first of each transfer. */
  readonly conflicts: number;
  readonly cpuMillis: number;
}

/** What is wrong in etcd after some rounds, and what is there. */
export interface Audit {
  /** Sentences, none if all is well. */
  readonly wrong: readonly string[];
  readonly sum: number;
  /** Transfers in the ledger. */
  readonly applied: number;
  /** Transfers that were applied more than once. */
  readonly twice: number;
}

/** Gives each account its money. */
export async function openAccounts(client: EtcdClient, prefix: string): Promise<void> {
  const accounts = Array.from({ length: ACCOUNTS }, (_, i) => op.put(`${prefix}account/${i}`, String(INITIAL)));
  await client.kv.txn({ then: accounts });
}

/** Compares accounts, ledger and reports: every confirmed transfer was applied once, and no refused one. */
export async function audit(client: EtcdClient, prefix: string, rounds: readonly Round[]): Promise<Audit> {
  const balances = Array.from({ length: ACCOUNTS }, () => INITIAL);
  const ledger = new Map<string, { readonly version: number }>();
  const begin = `${prefix}ledger/`;
  for await (const { kvs } of client.kv.pages(begin, { prefix: true })) {
    for (const kv of kvs) {
      const [from = 0, to = 0, amount = 0] = kv.text().split(' ').map(Number);
      balances[from] = (balances[from] ?? 0) - amount;
      balances[to] = (balances[to] ?? 0) + amount;
      ledger.set(kv.key.toString().slice(begin.length), { version: kv.version });
    }
  }
  const wrong: string[] = [];
  let sum = 0;
  for (const [i, expected] of balances.entries()) {
    const found = Number((await client.kv.get(`${prefix}account/${i}`)).kvs[0]?.text());
    sum += found;
    if (found !== expected) wrong.push(`account ${i} has ${found}, and by the ledger ${expected}`);
  }
  if (sum !== ACCOUNTS * INITIAL) wrong.push(`the sum is ${sum}`);
  const twice = [...ledger].filter(([, { version }]) => version !== 1);
  for (const [id, { version }] of twice) wrong.push(`transfer ${id} was applied ${version} times`);
  const all = (kind: 'committed' | 'unknown' | 'refused'): string[] => rounds.flatMap((round) => round[kind]);
  const known = new Set([...all('committed'), ...all('unknown')]);
  for (const id of all('committed')) if (!ledger.has(id)) wrong.push(`transfer ${id} was confirmed and is not there`);
  for (const id of ledger.keys()) if (!known.has(id)) wrong.push(`transfer ${id} is there and was not reported`);
  return { wrong, sum, applied: ledger.size, twice: twice.length };
}
