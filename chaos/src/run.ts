// npm run chaos: see settings.ts.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runCampaign } from './campaign.ts';
import type { Violations } from './check/violations.ts';
import { judge } from './judge-all.ts';
import { checkByEtcd } from './judge/check-by-etcd.ts';
import { JudgeProgram } from './judge/program.ts';
import type { RunSummary, Sample } from './history.ts';
import { loadHistory } from './load.ts';
import { picture } from './picture.ts';
import { HELP, readSettings, type Settings } from './settings.ts';
import { timeline } from './timeline.ts';

/** What a run must have done in a minute, or it is invalid. */
const FLOOR = { operations: 23_000, kills: 10, pauses: 2, network: 2 } as const;

const settings = settingsOrHelp();
const folder = settings.replay ?? settings.out ?? mkdtempSync(join(tmpdir(), 'etcdts-chaos-'));
const program = await findProgram();
if (settings.replay === undefined) await run(settings, folder);
process.exitCode = await report(folder, settings);

/** Etcd's own validators need Go, and once the network. */
async function findProgram(): Promise<JudgeProgram | undefined> {
  try {
    const found = await JudgeProgram.find();
    if (found === undefined) console.log("skipped: checker C, etcd's own validators: these need Go");
    return found;
  } catch (error) {
    console.log(`skipped: checker C, etcd's own validators: ${(error as Error).message}`);
    return undefined;
  }
}

function settingsOrHelp(): Settings {
  try {
    const read = readSettings(process.argv.slice(2));
    if (read.help) {
      console.log(HELP);
      process.exit(0);
    }
    return read;
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${HELP}`);
    process.exit(2);
  }
}

async function run({ minutes, seed, etcd, transport, auth, mutant }: Settings, to: string): Promise<void> {
  const script = fileURLToPath(new URL('../../scripts/etcd.mjs', import.meta.url));
  const binary =
    etcd === undefined ? undefined : execFileSync(process.execPath, [script, etcd], { encoding: 'utf8' }).trim();
  console.log(
    `seed ${seed}, ${minutes} minutes, etcd ${etcd ?? 'of the machine'}, transport ${transport}, history in ${to}`,
  );
  await runCampaign({
    seconds: minutes * 60,
    seed,
    binary,
    transport,
    auth,
    folder: to,
    program,
    ...(mutant !== undefined && { mutant }),
    onSample: showSample,
  });
}

function showSample({ seconds, operations, unknown, faults, revision, p50, p99 }: Sample): void {
  if (seconds % 5 !== 0) return;
  const ms = (us: number): string => (us / 1_000).toFixed(1);
  console.log(
    `${String(seconds).padStart(5)} s  ${operations} operations (${unknown} unknown)  ${faults} faults  revision ${revision}  p50 ${ms(p50)} ms  p99 ${ms(p99)} ms`,
  );
}

/** Judges the history in a folder, prints what was found, and returns the exit code: 0, 1 for a violation, 3 for an invalid run. */
async function report(from: string, { replay, out, picture: file }: Settings): Promise<number> {
  const history = await loadHistory(from);
  const { run: summary } = history;
  if (file !== undefined) writeFileSync(file, picture(history));
  const begun = performance.now();
  const byEtcd = program && (await checkByEtcd(program, history, from, showParts));
  const judged = [...judge(history), ...(byEtcd === undefined ? [] : [byEtcd])];
  console.log(`\nwhat was done: ${pairs(summary.done)}`);
  for (const violations of judged) showChecker(violations);
  if (program !== undefined && byEtcd === undefined)
    console.log('skipped: checker C: the folder has no log of the members');
  console.log(`judged in ${((performance.now() - begun) / 1_000).toFixed(1)} s`);
  for (const failure of summary.failures) console.log(`FAIL ${failure}`);
  const broken = judged.reduce((sum, { count }) => sum + count, 0) + summary.failures.length;
  const key = judged.flatMap(({ found }) => found).find((one) => one.key !== undefined)?.key;
  if (key !== undefined) console.log(`\n${timeline(history, judged)}`);
  const low = tooLittle(summary);
  for (const text of low) console.log(`INVALID ${text}`);
  if (broken > 0) {
    console.log(`\nFAIL ${broken} violations, seed ${summary.seed}; judge again: npm run chaos -- --replay ${from}`);
    return 1;
  }
  if (replay === undefined && out === undefined) rmSync(from, { recursive: true });
  console.log(low.length > 0 ? '\nINVALID this run shows nothing' : '\nok   0 violations, 0 undecided');
  return low.length > 0 ? 3 : 0;
}

function showParts(done: number, of: number): void {
  if (done % 10 === 0) console.log(`checker C has judged ${done} of ${of} parts`);
}

function showChecker({ checker, looked, count, found }: Violations): void {
  console.log(`${count === 0 ? 'ok  ' : 'FAIL'} ${checker}: ${pairs(Object.fromEntries(looked))}; ${count} violations`);
  for (const { rule, text } of found.slice(0, 10)) console.log(`  | ${rule}: ${text}`);
}

function pairs(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .map(([name, count]) => `${name} ${count}`)
    .join(', ');
}

function tooLittle({ done, minutes, mutant }: RunSummary): readonly string[] {
  if (mutant !== undefined) return [];
  return Object.entries(FLOOR).flatMap(([name, floor]) => {
    const least = Math.floor(floor * minutes);
    const found = done[name] ?? 0;
    return found < least ? [`${name}: ${found}, at least ${least} are needed`] : [];
  });
}
