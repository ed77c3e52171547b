import type { CampaignOptions } from './campaign-options.ts';
import { GROUPS, type Nemesis } from './faults/nemesis.ts';
import type { RunSummary } from './history.ts';
import type { WorkerProcess } from './workload/worker-process.ts';

/** What a run did. */
export function summaryOf(
  { seed, seconds, transport, mutant }: CampaignOptions,
  etcd: string,
  revisions: number,
  workers: readonly WorkerProcess[],
  { counts }: Nemesis,
  failures: readonly string[],
): RunSummary {
  const group = (kinds: readonly string[]): number =>
    [...counts].reduce((sum, [kind, count]) => (kinds.includes(kind) ? sum + count : sum), 0);
  const sum = (of: (worker: WorkerProcess) => number): number => workers.reduce((all, worker) => all + of(worker), 0);
  return {
    seed,
    minutes: seconds / 60,
    etcd,
    transport,
    ...(mutant !== undefined && { mutant: mutant.name }),
    done: {
      operations: sum(({ sum: { operations } }) => operations),
      unknown: sum(({ sum: { unknown } }) => unknown),
      revisions,
      resumed: sum(({ sum: { resumed } }) => resumed),
      kills: group(GROUPS.kills),
      pauses: group(GROUPS.pauses),
      network: group(GROUPS.network),
      ...Object.fromEntries(counts),
    },
    failures,
  };
}
