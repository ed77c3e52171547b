#!/usr/bin/env node
// npx @etcdts/migrate src/
import { writeFileSync } from 'node:fs';
import { readArguments, Refused, USAGE } from './arguments.ts';
import { diffOf, summaryOf } from './report.ts';
import { sourcesOf } from './sources.ts';
import { checkCommitted } from './work-tree.ts';

async function main(): Promise<void> {
  const order = readArguments(process.argv.slice(2));
  if (order === undefined) return console.log(USAGE);
  const { files, unreadable } = sourcesOf(order.paths);
  if (!order.dryRun && !order.force) checkCommitted(order.paths);
  // The compiler takes a second to load, and who only wants the usage does not need it.
  const { migrate } = await import('./migrate.ts');
  const migrated = migrate(files);
  const failed = new Map([...unreadable, ...migrated.unreadable]);
  if (order.dryRun) process.stdout.write(diffOf(migrated));
  else
    for (const [file, { text }] of migrated.changed) {
      try {
        writeFileSync(file, text);
      } catch (error) {
        failed.set(file, (error as Error).message);
      }
    }
  console.log(summaryOf({ ...migrated, unreadable: failed }, files.length, order.dryRun));
  if (failed.size > 0) process.exitCode = 1;
}

try {
  await main();
} catch (error) {
  if (!(error instanceof Refused)) throw error;
  console.error(`etcdts-migrate: ${error.message}${error.usage ? `\n\n${USAGE}` : ''}`);
  process.exitCode = 2;
}
