// Keeps the results of a run, and writes them into the documents.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { nodeReport, report } from './report.ts';
import type { Results } from './results.ts';

/** Which run: all clients beside each other, or those of this project on two versions of Node. */
export type Run = 'clients' | 'nodes';

function path(name: string): string {
  return fileURLToPath(new URL(`../../${name}`, import.meta.url));
}

const files: Readonly<Record<Run, string>> = { clients: 'bench/results.json', nodes: 'bench/results-nodes.json' };

/** The documents of a run, by their path below the root, with their content. */
export function documentsOf(results: Results, run: Run): ReadonlyMap<string, string> {
  if (run === 'nodes') return new Map([['bench/RESULTS-NODES.md', nodeReport(results)]]);
  return new Map([['bench/RESULTS.md', report(results)]]);
}

/** The results of the last whole run. */
export function lastResults(run: Run): Results {
  return JSON.parse(readFileSync(path(files[run]), 'utf8')) as Results;
}

export function writeDocuments(results: Results, run: Run): void {
  writeFileSync(path(files[run]), `${JSON.stringify(results)}\n`);
  for (const [name, text] of documentsOf(results, run)) writeFileSync(path(name), text);
}
