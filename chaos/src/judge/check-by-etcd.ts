import { join } from 'node:path';
import { Violations } from '../check/violations.ts';
import type { History } from '../load.ts';
import { judgeByEtcd } from './judge.ts';
import { loadLog } from './log-file.ts';
import type { JudgeProgram } from './program.ts';

/**
 * Checker C: the validators of etcd's own robustness tests. The folder has the log of the cluster beside the history; without it,
 * this returns `undefined`.
 */
export async function checkByEtcd(
  program: JudgeProgram,
  history: History,
  folder: string,
  onProgress: (done: number, of: number) => void,
): Promise<Violations | undefined> {
  const log = await loadLog(folder);
  if (log === undefined) return undefined;
  const violations = new Violations('C');
  const { verdicts, leftOut } = await judgeByEtcd(
    program,
    { ...history, log },
    { folder: join(folder, 'etcd'), onProgress },
  );
  violations.look('requests in the log', log.length);
  for (const { check, result, message = '', details = [], count } of verdicts) {
    violations.look(check, count);
    if (result === 'ok') continue;
    violations.add(
      result === 'undecided' ? `${check} undecided` : check,
      [message, ...details].join('; ').slice(0, 2_000),
    );
  }
  for (const [what, count] of Object.entries(leftOut)) violations.look(`left out: ${what}`, count);
  return violations;
}
