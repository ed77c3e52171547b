// npm run bench:comment
// Shows the results of the last `npm run bench`: in the summary of a workflow's run, and as a comment on PULL_REQUEST. A second comment
// takes the place of the first. Elsewhere it prints them.
import { spawnSync } from 'node:child_process';
import { appendFileSync, readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

/** GitHub refuses longer comments. */
const LIMIT = 65_536;

/** The comment for a RESULTS.md: how many goals hold, those that do not, and the whole file folded. */
export function commentOf(results) {
  const goals = results.split('\n').filter((line) => /^\| (holds|close|missed) \|/.test(line));
  if (goals.length === 0) throw new Error('the results of the benchmark have no goals');
  const open = goals.filter((line) => !line.startsWith('| holds |'));
  const table =
    open.length === 0 ? [] : ['', '| verdict | what | found | goal |', '| --- | --- | ---: | ---: |', ...open];
  const head = [`**Benchmark**: ${goals.length - open.length} of ${goals.length} goals hold.`, ...table, ''].join('\n');
  const folded = `${head}\n<details><summary>All results</summary>\n\n${results}\n</details>\n`;
  return folded.length <= LIMIT ? folded : head;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const { GITHUB_STEP_SUMMARY: summary, PULL_REQUEST: number } = process.env;
  const comment = commentOf(readFileSync(new URL('../bench/RESULTS.md', import.meta.url), 'utf8'));
  if (summary) appendFileSync(summary, comment);
  else console.log(comment);
  if (number) {
    const args = ['pr', 'comment', number, '--edit-last', '--create-if-none', '--body-file', '-'];
    const { status } = spawnSync('gh', args, { input: comment, stdio: ['pipe', 'inherit', 'inherit'] });
    process.exitCode = status ?? 1;
  }
}
