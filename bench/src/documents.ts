// Keeps the results of a run, and writes them into the documents.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { picture } from './picture.ts';
import { nodeReport, report, versions } from './report.ts';
import type { Results } from './results.ts';
import { absoluteRows, ratioTable } from './tables.ts';
import { markdown } from './text.ts';

/** Which run: all clients beside each other, or those of this project on two versions of Node. */
export type Run = 'clients' | 'nodes';

function path(name: string): string {
  return fileURLToPath(new URL(`../../${name}`, import.meta.url));
}

const files: Readonly<Record<Run, string>> = { clients: 'bench/results.json', nodes: 'bench/results-nodes.json' };

/** The part of a document that a run writes. */
const PART = /(<!-- bench -->\n)[^]*?(\n<!-- \/bench -->)/;

function withPart(name: string, part: string): string {
  const text = readFileSync(path(name), 'utf8');
  if (!PART.test(text)) throw new Error(`${name} has no place for the results`);
  return text.replace(PART, (_, start: string, end: string) => `${start}\n${part}\n${end}`);
}

const shown = ['etcd3', 'go', 'etcdts', 'etcdts-all', 'http2', 'http2-all'];

/** The table that readers see: the CPU of each client, and what watches, leases and a start need. */
function summary(results: Results): string {
  const { date, rounds } = results.facts;
  const cpu = ratioTable(results, { base: 'grpc-js', name: 'cpu', columns: shown });
  const rest = absoluteRows({ ...results, clients: ['grpc-js', ...shown] });
  const tables = [cpu, rest].flatMap((table) => (table === undefined ? [] : markdown(table)));
  return `On ${date}: ${versions(results)}.\nMedians with quartiles over ${rounds} rounds.\n\n${tables.join('\n\n')}`;
}

/** The shorter one. */
function excerpt(results: Results): string {
  const cpu = ratioTable(results, { base: 'grpc-js', name: 'cpu', columns: ['etcd3', 'go', 'etcdts', 'http2'] });
  return `On ${results.facts.date}: ${versions(results)}.\n\n${cpu === undefined ? '' : markdown(cpu)}`;
}

/** The documents of a run, by their path below the root, with their content. */
export function documentsOf(results: Results, run: Run): ReadonlyMap<string, string> {
  if (run === 'nodes') return new Map([['bench/RESULTS-NODES.md', nodeReport(results)]]);
  return new Map([
    ['bench/RESULTS.md', report(results)],
    ['docs/performance.svg', picture(results)],
    ['docs/performance.md', withPart('docs/performance.md', summary(results))],
    ['README.md', withPart('README.md', excerpt(results))],
  ]);
}

/** The results of the last whole run, if there was one. */
export function lastResults(run: Run): Results | undefined {
  const file = path(files[run]);
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Results) : undefined;
}

/** Writes the documents of the last run anew. */
export function writeDocuments(): void {
  for (const run of ['clients', 'nodes'] as const) {
    const results = lastResults(run);
    if (results === undefined) continue;
    for (const [name, text] of documentsOf(results, run)) writeFileSync(path(name), text);
  }
}

/** Keeps the results of a whole run. */
export function keepResults(results: Results, run: Run): void {
  writeFileSync(path(files[run]), `${JSON.stringify(results)}\n`);
}
