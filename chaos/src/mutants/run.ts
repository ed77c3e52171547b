// npm run chaos:mutants [-- NAME...]: plants one known bug after the other and shows which checker finds it, and when.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCampaign } from '../campaign.ts';
import { judge } from '../judge-all.ts';
import { loadHistory } from '../load.ts';
import { CONTROL, MUTANTS, mutantNamed, type Mutant } from './mutants.ts';

/** Each run is longer than the one before. A bug that none of them shows has escaped. */
const SECONDS = [15, 30, 60] as const;

interface Caught {
  /** Checkers with their rules. */
  readonly by: string;
  readonly seconds: number;
  readonly operations: number;
}

const names = process.argv.slice(2);
const chosen = names.length === 0 ? MUTANTS : names.map(mutantNamed);
let escaped = 0;
console.log('| mutant | what is wrong | found by | after | operations |\n| --- | --- | --- | ---: | ---: |');
const control = await once(CONTROL, SECONDS[1], 1);
console.log(
  `| ${CONTROL.name} | ${CONTROL.bug} | ${control.by === '' ? 'nobody' : control.by} | ${SECONDS[1]} s | ${control.operations} |`,
);
for (const mutant of chosen) {
  const caught = await hunt(mutant);
  if (caught === undefined) escaped++;
  const { by, seconds, operations } = caught ?? { by: '**nobody**', seconds: '', operations: '' };
  console.log(`| ${mutant.name} | ${mutant.bug} | ${by} | ${seconds} s | ${operations} |`);
}
console.log(`\n${escaped === 0 ? 'ok  ' : 'FAIL'} ${chosen.length - escaped} of ${chosen.length} mutants were found`);
if (control.by !== '')
  console.log('FAIL something is found without a bug, so that what is found with one shows nothing');
process.exitCode = escaped === 0 && control.by === '' ? 0 : 1;

async function hunt(mutant: Mutant): Promise<Caught | undefined> {
  let spent = 0;
  for (const [attempt, seconds] of SECONDS.entries()) {
    spent += seconds;
    const { by, operations } = await once(mutant, seconds, attempt + 1);
    if (by !== '') return { by, seconds: spent, operations };
  }
  return undefined;
}

async function once(mutant: Mutant, seconds: number, seed: number): Promise<Omit<Caught, 'seconds'>> {
  const folder = mkdtempSync(join(tmpdir(), 'etcdts-mutant-'));
  try {
    const options = {
      seconds,
      seed,
      binary: undefined,
      transport: 'both',
      auth: false,
      folder,
      mutant,
      onSample: () => {},
    } as const;
    const { done, failures } = await runCampaign(options);
    const rules = judge(await loadHistory(folder)).flatMap(({ checker, found }) => {
      const broken = [...new Set(found.map(({ rule }) => rule))];
      return broken.length === 0 ? [] : [`${checker} (${broken.join(', ')})`];
    });
    const other = failures.length > 0 ? [`the run itself (${kinds(failures)})`] : [];
    return { by: [...rules, ...other].join('; '), operations: done['operations'] ?? 0 };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Failures of a run without their numbers and names, each once. */
function kinds(failures: readonly string[]): string {
  return [...new Set(failures.map((failure) => failure.replace(/^[^:]*: /, '').replace(/^\d+ /, '')))].join(', ');
}
