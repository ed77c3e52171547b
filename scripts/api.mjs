// Keeps a report of the API of every published entry in api/, so that a change is visible in review.
//   npm run api              brings the reports up to date
//   node scripts/api.mjs     prints how they differ from the build, and faults of the API; exits 1 if there are any
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { extractApis } from './api-extract.mjs';
import { differencesOf, faultsOf, reportsOf } from './api-report.mjs';

const folder = fileURLToPath(new URL('../api/', import.meta.url));
const apis = extractApis();
const reports = reportsOf(apis);
if (process.argv.includes('--write')) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  for (const [file, text] of reports) writeFileSync(join(folder, file), text);
}
const committed = readdirSync(folder).map((file) => [file, readFileSync(join(folder, file), 'utf8')]);
const lines = [...faultsOf(apis), ...differencesOf(reports, new Map(committed))];
for (const line of lines) console.log(line);
process.exitCode = lines.length > 0 ? 1 : 0;
