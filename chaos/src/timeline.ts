import type { Violation, Violations } from './check/violations.ts';
import { keysOf } from './check/requests.ts';
import type { Answer, Operation } from './history.ts';
import type { History } from './load.ts';

/** How many lines of a key are shown around a violation. */
const LINES = 40;

/** What happened to the key of the first violation that names one, around the time that it names: calls, answers, revisions and faults. */
export function timeline(history: History, judged: readonly Violations[]): string {
  const violation = judged.flatMap(({ found }) => found).find(({ key }) => key !== undefined) as Required<Violation>;
  const { key } = violation;
  const about = Number(/\bat (\d{6,})/.exec(violation.text)?.[1] ?? Number.NaN);
  const lines: { readonly at: number; readonly text: string }[] = [];
  for (const operation of history.operations) {
    if (!keysOf(operation.request).includes(key)) continue;
    lines.push({ at: operation.call, text: textOf(operation) });
  }
  for (const { revision, at = 0, events } of history.revisions) {
    for (const { type, kv } of events) {
      if (kv.key === key) lines.push({ at, text: `etcd: revision ${revision}, ${type} ${kv.value}` });
    }
  }
  for (const { at, until, kind, to } of history.faults) {
    lines.push({ at, text: `fault: ${kind} of ${to}, for ${Math.round((until - at) / 1_000)} ms` });
  }
  lines.sort((a, b) => a.at - b.at);
  const index = Number.isNaN(about) ? lines.length : lines.findIndex(({ at }) => at >= about);
  const from = Math.max(0, index - LINES / 2);
  const start = lines[0]?.at ?? 0;
  const shown = lines
    .slice(from, from + LINES)
    .map(({ at, text }) => `${((at - start) / 1_000).toFixed(1).padStart(12)} ms  ${text}`);
  return [`${key}, around "${violation.rule}":`, ...shown].join('\n');
}

function textOf({ process, client, call, return: end, request, revision, answer, error }: Operation): string {
  const took = `${((end - call) / 1_000).toFixed(1)} ms`;
  const said = error === undefined ? `${answerOf(answer)} at revision ${revision}` : `${error.code}, ${error.outcome}`;
  return `${process}/${client}: ${JSON.stringify(request)} → ${said} (${took})`;
}

function answerOf(answer: Answer | undefined): string {
  if (answer?.type === 'get') return answer.kvs.map(({ value, mod }) => `${value}@${mod}`).join(' ') || 'nothing';
  if (answer?.type === 'txn') return answer.succeeded ? 'succeeded' : 'not succeeded';
  return 'done';
}
