// Writes RESULTS.md.
import { type Measured, type Results, median } from './results.ts';
import { absoluteTable, ratioTable } from './tables.ts';
import { markdown } from './text.ts';

/** The CPU time of the fake server for an operation, as a share of the leanest client's. */
function fakeShare(row: Measured, { clients }: Results): number | undefined {
  if (row.fakeMicros === undefined) return undefined;
  return row.fakeMicros / Math.min(...clients.map((client) => median(row, client, 'cpu')));
}

export function report(results: Results): string {
  const { facts } = results;
  const libraries = Object.entries(facts.libraries).map(([name, version]) => `${name} ${version}`);
  const ratios = ratioTable(results);
  const share = Math.max(...results.measured.flatMap((row) => fakeShare(row, results) ?? []));
  return `# Benchmark

Written by \`${facts.command}\` on ${facts.date}: Node ${facts.node}, etcd ${facts.etcd ?? '(none)'}, ${libraries.join(', ')}.

A put writes 128 B under a key of 16 B, a get reads as much; a txn compares a version, puts and gets. Every key and value
of an answer is read. The watch gets one event per response from the fake server as fast as it can take them, and from
etcd the puts of another process. Process start to first get is of core as it is published, in fresh processes.

One warm process per client; slices of ${facts.sliceMillis} ms are dealt to them in turn, in a random order per round,
${facts.rounds} rounds per row. CPU is what the client's own process used, all threads, user and system, per operation.
Ratios are taken round by round, and the median is shown with its quartiles. Read ratios: absolute numbers belong to the
machine. Against the fake server the client is the only limit: it gives fixed answers, for at most ${share.toFixed(2)} of
the CPU that the leanest client spends on each. Real etcd shares the machine with its clients.

${ratios === undefined ? '' : markdown(ratios)}

${markdown(absoluteTable(results))}
`;
}
