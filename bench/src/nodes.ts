// Compares clients on two versions of Node.
import type { ClientName } from './clients/index.ts';
import type { Goal } from './goals.ts';
import type { Results } from './results.ts';

/** The label of a client on another Node. */
export function onNode(client: ClientName, version: string): string {
  return `${client}@${version}`;
}

/** The goals of a run on two versions: no row is slower on the other one. */
export function nodeGoals({ clients, measured }: Results): readonly Goal[] {
  return clients
    .filter((label) => label.includes('@'))
    .flatMap((label) => {
      const base = label.slice(0, label.indexOf('@'));
      return measured
        .filter(({ samples, metric }) => samples[label] !== undefined && metric !== 'memory')
        .map(({ id, metric }) => ({ row: id, metric, client: label, base, atMost: 1 }));
    });
}
