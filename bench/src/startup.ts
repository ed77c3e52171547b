// Measures the time from the start of a process to the first get, in fresh processes, beside a bare one.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { shuffled } from './dealer.ts';
import type { Entry } from './pool.ts';
import { makePublished } from './published.ts';
import type { Measured } from './results.ts';
import { startupSeries } from './series.ts';
import { samplesOf, spread } from './statistics.ts';

async function run(node: string, args: readonly string[]): Promise<number> {
  const start = performance.now();
  const child = spawn(node, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Error(`node ${args.join(' ')} exited with ${code}`);
  return performance.now() - start;
}

/** Measures the start of each client, above a bare process of its Node, which is `node -e 0`. */
export async function measureStartup(
  starters: readonly Entry[],
  address: string,
  rounds: number,
): Promise<Measured | undefined> {
  if (starters.length === 0) return undefined;
  const published = makePublished();
  const nodes = [...new Set(starters.map(({ node }) => node))];
  const programs: readonly { readonly node: string; readonly label: string; readonly args: readonly string[] }[] = [
    ...nodes.map((node) => ({ node, label: node, args: ['-e', '0'] })),
    ...starters.map(({ client, node, label }) => {
      const program = published.programs.get(client) ?? fileURLToPath(new URL(`startup/${client}.js`, import.meta.url));
      return { node, label, args: [program, address] };
    }),
  ];
  const millis = new Map<string, number[]>(programs.map(({ label }) => [label, []]));
  // The first round fills the file cache and is not counted.
  for (let round = -1; round < rounds; round++) {
    for (const { node, label, args } of shuffled(programs)) {
      const taken = await run(node, args);
      if (round >= 0) millis.get(label)?.push(taken);
    }
  }
  published.remove();
  const samples = starters.map(({ node, label }) => {
    const bare = spread(millis.get(node) ?? []).median;
    return [label, samplesOf((millis.get(label) ?? []).map((taken) => ({ operations: 1, millis: taken - bare })))];
  });
  const { id, server, operation, concurrency, metric } = startupSeries;
  return { id, server, operation, concurrency, metric, samples: Object.fromEntries(samples) };
}
