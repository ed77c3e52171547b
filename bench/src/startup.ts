// Measures the time from the start of a process to the first get, in fresh processes, beside a bare one.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { ClientName } from './clients/index.ts';
import { shuffled } from './dealer.ts';

/** The script that makes core as it is published. */
const bundle = fileURLToPath(new URL('../../scripts/bundle.mjs', import.meta.url));

/** The milliseconds from spawn to exit, by round. `bare` is `node -e 0`. */
export type Startups = ReadonlyMap<ClientName | 'bare', readonly number[]>;

async function run(args: readonly string[]): Promise<number> {
  const start = performance.now();
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Error(`node ${args.join(' ')} exited with ${code}`);
  return performance.now() - start;
}

export async function measureStartup(
  clients: readonly ClientName[],
  address: string,
  rounds: number,
): Promise<Startups> {
  const programs: readonly [ClientName | 'bare', readonly string[]][] = [
    ['bare', ['-e', '0']],
    ...clients.map((client): [ClientName, string[]] => [
      client,
      [fileURLToPath(new URL(`startup/${client}.js`, import.meta.url)), address],
    ]),
  ];
  const result = new Map<ClientName | 'bare', number[]>(programs.map(([name]) => [name, []]));
  if (clients.includes('etcdts')) execFileSync(process.execPath, [bundle], { stdio: ['ignore', 'ignore', 'inherit'] });
  // The first round fills the file cache and is not counted.
  for (let round = -1; round < rounds; round++) {
    for (const [name, args] of shuffled(programs)) {
      const millis = await run(args);
      if (round >= 0) result.get(name)?.push(millis);
    }
  }
  return result;
}
