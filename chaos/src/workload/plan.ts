import { join } from 'node:path';
import type { Mutant } from '../mutants/mutants.ts';
import type { WorkerConfig } from './orders.ts';
import { KINDS } from './watching.ts';

const PROCESSES = 6;
const CALLERS = 4;
const LOCKS = ['lock/a', 'lock/b', 'lead/c'];

/** What a run decides of the work. */
interface Wanted {
  readonly seed: number;
  readonly transport: 'grpc' | 'http2' | 'both';
  readonly folder: string;
  readonly auth: boolean;
  readonly mutant?: Mutant;
}

/** The work of each process. Those with even numbers come over the first three endpoints, the others over the second three. */
export function planWork(
  { seed, mutant, folder, auth, ...wanted }: Wanted,
  endpoints: readonly string[],
): WorkerConfig[] {
  const transport = mutant?.transport ?? wanted.transport;
  const kinds = Object.keys(KINDS);
  return Array.from({ length: PROCESSES }, (_, i) => {
    const process = i + 1;
    return {
      process,
      seed: seed * 100 + process,
      transport: transport === 'both' ? (process % 4 < 2 ? 'grpc' : 'http2') : transport,
      endpoints: process % 2 === 0 ? endpoints.slice(0, 3) : endpoints.slice(3),
      history: join(folder, `history-${process}.jsonl`),
      auth,
      // What a mutant has lost never comes.
      settleMs: mutant === undefined ? 60_000 : 8_000,
      callers: CALLERS,
      pauseMs: 25,
      // Each kind of watch is in two processes, one of each transport if there are both.
      watches: kinds.filter((_, kind) => kind % 3 === process % 3),
      leases: 2,
      locks: LOCKS,
    };
  });
}
