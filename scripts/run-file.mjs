// Runs one built test file in a process and process group of its own, and judges the result.
import { spawn } from 'node:child_process';
import { FindingsFile, guard } from './secrets.mjs';

const OUTPUT_LIMIT = 4 * 1024 * 1024;
const groups = new Set();

/** Kills a process group that `runFile` started, unless it is gone already. */
function killGroup(leader) {
  try {
    process.kill(-leader, 'SIGKILL');
  } catch (error) {
    if (error.code !== 'ESRCH') throw error;
  }
}

// A process group of its own does not get the terminal's Ctrl-C.
process.on('exit', () => groups.forEach(killGroup));
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(1));

/**
 * Resolves with `{ passed, failed, skipped, ms, output, secrets }` and never rejects. A file has failed if it reports nothing or
 * no tests, exits with another code than 0, shows a secret, or takes longer than `limitMs`, whatever else it reports.
 */
export function runFile(path, { limitMs = 120_000, env = process.env } = {}) {
  return new Promise((resolve) => {
    const started = performance.now();
    const findings = new FindingsFile();
    const child = spawn(process.execPath, ['--enable-source-maps', `--import=${guard}`, path], {
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
      env: { ...env, ...findings.env, ETCDTS_TEST_REPORT_FD: '3' },
    });
    let output = '';
    let report = '';
    let overrun = false;
    const append = (chunk) => (output = (output + chunk).slice(-OUTPUT_LIMIT));
    child.stdout.on('data', append);
    child.stderr.on('data', append);
    child.stdio[3].on('data', (chunk) => (report += chunk));
    if (child.pid) groups.add(child.pid);
    const timer = setTimeout(() => {
      overrun = true;
      killGroup(child.pid);
    }, limitMs);
    child.on('error', append);
    // Processes that the file has left running would keep the pipes open.
    child.on('exit', () => killGroup(child.pid));
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      groups.delete(child.pid);
      const ms = performance.now() - started;
      if (overrun) append(`\nkilled: it took longer than its limit of ${limitMs / 1000} s\n`);
      const counts = judge(report, code ?? signal, append);
      const secrets = findings.take(child.pid);
      for (const hit of secrets.hits) append(`\nsecret: ${hit}\n`);
      // A killed process had no time to write its findings, and has already failed.
      if (secrets.missing && counts.failed === 0) append('\nthe guard against secrets did not run in this file\n');
      if (counts.failed === 0 && (secrets.missing || secrets.hits.length > 0)) counts.failed = 1;
      resolve({ ...counts, ms, output, secrets });
    });
  });
}

function judge(report, ending, append) {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  try {
    Object.assign(counts, JSON.parse(report));
  } catch {
    append('\nthe file reported no result\n');
    counts.failed = 1;
  }
  const { passed, failed, skipped } = counts;
  // A filter by test name leaves most files empty.
  const empty = passed + failed + skipped === 0 && !process.env.TEST_NAME;
  if (empty) append('\nthe file has no tests\n');
  if (ending !== 0) append(`\nthe file ended with ${ending}\n`);
  if (failed === 0 && (empty || ending !== 0)) counts.failed = 1;
  return counts;
}
