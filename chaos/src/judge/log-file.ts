import { createReadStream, createWriteStream, existsSync } from 'node:fs';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { LogEntry } from './log.ts';
import type { JudgeProgram } from './program.ts';

const NAME = 'log.jsonl';

/** Writes what the members with these data directories have committed into the folder of a history. */
export async function writeLog(
  program: JudgeProgram,
  folder: string,
  dataDirectories: readonly string[],
): Promise<void> {
  const file = createWriteStream(join(folder, NAME));
  await program.run(['log', ...dataDirectories], (line) => void file.write(`${line}\n`));
  const written = once(file, 'close');
  file.end();
  await written;
}

/** What `writeLog` wrote into a folder; `undefined` if there is nothing. */
export async function loadLog(folder: string): Promise<LogEntry[] | undefined> {
  const path = join(folder, NAME);
  if (!existsSync(path)) return undefined;
  const entries: LogEntry[] = [];
  for await (const line of createInterface({ input: createReadStream(path), crlfDelay: Infinity })) {
    entries.push(JSON.parse(line) as LogEntry);
  }
  return entries;
}
