// Makes RESULTS.md.
import { check } from './check.ts';
import { copiesTable } from './copies/table.ts';
import { type Results, fakeShares } from './results.ts';
import {
  absoluteRows,
  absoluteTable,
  goalTable,
  nodesTable,
  operationTitle,
  ratioTable,
  type Table,
} from './tables.ts';
import { markdown } from './text.ts';
import { nodeGoals } from './nodes.ts';

/** The versions of everything that was measured. */
export function versions({ facts }: Results): string {
  const libraries = Object.entries(facts.libraries).map(([name, version]) => `${name} ${version}`);
  const go = facts.go === undefined ? [] : [`Go's clientv3 ${facts.go}`];
  return [`Node ${facts.node}`, `etcd ${facts.etcd ?? '(none)'}`, ...libraries, ...go].join(', ');
}

/** The CPU of the fake server as a share of that of the leanest client, by row. */
export function shareWords(results: Results): string {
  const shares = fakeShares(results).toSorted((a, b) => b.share - a.share);
  return shares.map(({ row, share }) => `${operationTitle(row)} ${share.toFixed(2)}`).join(', ');
}

function joined(tables: readonly (Table | undefined)[]): string {
  return tables.flatMap((table) => (table === undefined ? [] : markdown(table))).join('\n\n');
}

const bases = ['grpc-js', 'go'] as const;

export function report(results: Results): string {
  const { facts } = results;
  const ratios = bases.flatMap((base) => [
    ratioTable(results, { base, name: 'cpu' }),
    ratioTable(results, { base, name: 'throughput' }),
  ]);
  const missing = results.missing.map((line) => `Left out: ${line}.\n\n`).join('');
  return `# Benchmark

Written by \`${facts.command}\` on ${facts.date}: ${versions(results)}.
[docs/performance.md](../docs/performance.md) explains what to choose, and how to measure.

A put writes 128 B under a key of 16 B, a get reads as much; a txn compares a version, puts and gets. Every client reads
every key and value of an answer. A watch gets its events from the fake server as fast as it can take them, and from etcd at
10,000 a second from another process. A write to 1,000 watches follows when all have received the last one. 10,000 leases of
9 s are kept by every client at the same time, in slices of 3 s. Process start to first get is of core as it is published, in
fresh processes. \`+all\` is \`retry()\`, \`metrics()\`, \`auth()\` and a namespace together. The null transport gives canned answers
in the process itself, so that what remains is the client above its connection.

One warm process per client; slices of ${facts.sliceMillis} ms are dealt to them in turn, in a random order per round,
${facts.rounds} rounds per row. Large answers get slices twice as long, after 200 ms of the same load, and a first slice of 1.5 s that
is not counted. CPU is what the client's own process used, all threads, user and system, per operation. Ratios are taken round by
round, and the median is shown with its quartiles. Read ratios: absolute numbers belong to the machine. Against the fake server the client is the only limit: it gives fixed
answers. Real etcd shares the machine with its clients.

The CPU of the fake server, divided by that of the leanest client: ${shareWords(results)}.

${missing}${joined([goalTable(check(results)), ...ratios, absoluteRows(results), copiesTable(results), absoluteTable(results)])}
`;
}

/** The page of a run on two versions of Node. */
export function nodeReport(results: Results): string {
  const { facts } = results;
  return `# Benchmark on two versions of Node

Written by \`${facts.command}\` on ${facts.date}: ${versions(results)}. The rows are those of [RESULTS.md](RESULTS.md), each
client runs on both versions in the same rounds. The title of the first table has the other version.

${joined([nodesTable(results), goalTable(check(results, nodeGoals(results))), absoluteRows(results), absoluteTable(results)])}
`;
}
