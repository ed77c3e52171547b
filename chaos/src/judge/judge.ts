import { join } from 'node:path';
import type { Operation, Pages, WatchEnded, WatchOpened, WatchResponded } from '../history.ts';
import { callOf, effectsOf, type Effect } from './calls.ts';
import type { LogEntry } from './log.ts';
import { matchOperations } from './matching.ts';
import type { ModelCall, ModelRequest } from './model.ts';
import type { JudgeProgram } from './program.ts';
import { readsOf } from './reads.ts';
import { writeReport } from './report.ts';
import { ModelRequests } from './requests.ts';
import { cut, valueRevisionsOf, type Scope } from './scope.ts';
import { tighten } from './tighten.ts';
import { joinVerdicts, type Verdict } from './verdict.ts';
import { partsOf, watchesOf } from './watches.ts';

/** What is judged. Keys are those of etcd, without the view of a namespace. */
export interface JudgedHistory {
  readonly operations: readonly Operation[];
  readonly pages?: readonly Pages[];
  /** In the order in which each process wrote them. */
  readonly watches: readonly (WatchOpened | WatchResponded | WatchEnded)[];
  /** What the cluster has committed, of `readLog`. */
  readonly log: readonly LogEntry[];
}

export interface JudgeOptions {
  /** The reports are written into it, `scope-0`, `scope-1` and so on. */
  readonly folder: string;
  /** How many operations are judged together. The memory of the search grows with its square. Defaults to 5,000. */
  readonly size?: number;
  /** The limit for the search of one scope. Defaults to 300, as in etcd's tests. */
  readonly timeoutSeconds?: number;
  readonly onProgress?: (done: number, of: number) => void;
}

export interface Judgement {
  readonly verdicts: readonly Verdict[];
  /** What was not judged: etcd's model does not know it. */
  readonly leftOut: Readonly<Record<string, number>>;
  readonly scopes: number;
}

/**
 * Checker C: etcd's own robustness validators judge a history. Its reads and writes are linearizable in etcd's model, its watches keep
 * etcd's guarantees, its stale reads are of a state that was. One check is added: what was acknowledged is in the logs of the members.
 */
export async function judgeByEtcd(
  program: JudgeProgram,
  history: JudgedHistory,
  options: JudgeOptions,
): Promise<Judgement> {
  const { operations, pages = [], watches, log } = history;
  const { folder, size = 5_000, timeoutSeconds = 300, onProgress } = options;
  const leftOut = new Map<string, number>();
  const matching = matchOperations(operations, log);
  const effects = effectsOf(operations, log, matching, leftOut);
  const scopes = cut(
    log,
    effects.map(({ revision }) => revision),
    size,
  );
  const tightened = tighten(effects);
  const values = valueRevisionsOf(log);
  const clients = clientsOf(operations);
  const reads = readsOf(operations, pages, leftOut);
  const parts = watchesOf(watches, leftOut).map((watched) => ({
    filtered: watched.opened.filter !== undefined,
    of: new Map(partsOf(watched, scopes)),
  }));
  const verdicts: Verdict[] = [matching.verdict, realTime(effects, scopes)];

  let at = 0;
  for (const [i, scope] of scopes.entries()) {
    const requests = new ModelRequests(scope, values);
    const calls: ModelCall[] = [];
    for (; at < effects.length && (effects[at] as Effect).revision <= scope.to; at++) {
      const effect = effects[at] as Effect;
      const call = callOf(tightened[at] as Effect, requests, clients.get(effect.operation) as number);
      if (call !== undefined) calls.push(call);
    }
    const place = join(folder, `scope-${i}`);
    writeReport(place, {
      ...persisted(log, requests, scope),
      calls,
      watches: parts.flatMap(({ filtered, of }) => (filtered ? [] : (of.get(scope) ?? []))),
      filtered: parts.flatMap(({ filtered, of }) => (filtered ? (of.get(scope) ?? []) : [])),
      reads: reads.filter(({ revision }) => revision > scope.from && (revision <= scope.to || i === scopes.length - 1)),
    });
    await program.run(
      ['check', place, String(timeoutSeconds)],
      (line) => void verdicts.push(JSON.parse(line) as Verdict),
    );
    onProgress?.(i + 1, scopes.length);
  }
  return { verdicts: joinVerdicts(verdicts), leftOut: Object.fromEntries(leftOut), scopes: scopes.length };
}

/** The requests up to the end of a scope, and how many come before it. */
function persisted(
  log: readonly LogEntry[],
  requests: ModelRequests,
  { from, to }: Scope,
): { persisted: ModelRequest[]; before: number } {
  const all: ModelRequest[] = [];
  let before = 0;
  for (const entry of log) {
    if (entry.revision > to) break;
    const request = requests.of(entry);
    if (request === undefined) continue;
    all.push(request);
    if (entry.revision <= from) before = all.length;
  }
  return { persisted: all, before };
}

/** A number for each client, and 0 for what nobody of them did. */
function clientsOf(operations: readonly Operation[]): Map<Operation | undefined, number> {
  const numbers = new Map<string, number>();
  const clients = new Map<Operation | undefined, number>([[undefined, 0]]);
  for (const operation of operations) {
    const name = `${operation.process} ${operation.client}`;
    if (!numbers.has(name)) numbers.set(name, numbers.size + 1);
    clients.set(operation, numbers.get(name) as number);
  }
  return clients;
}

/**
 * No operation ended before one of an earlier scope began. This makes the cut exact: in etcd's model an operation takes effect at the
 * revision of its answer, so that an order of the whole is an order of each scope, one after the other.
 */
function realTime(effects: readonly Effect[], scopes: readonly Scope[]): Verdict {
  const start = performance.now();
  let [latest, coming, at] = [0, 0, 0];
  let message: string | undefined;
  for (const { to } of scopes) {
    for (; at < effects.length && (effects[at] as Effect).revision <= to; at++) {
      const effect = effects[at] as Effect;
      coming = Math.max(coming, effect.call);
      if (effect.return >= latest) continue;
      message ??= `revision ${effect.revision} was seen at ${effect.return}, before the call of an earlier one at ${latest}`;
    }
    latest = coming;
  }
  const seconds = (performance.now() - start) / 1_000;
  const result = message === undefined ? 'ok' : 'violation';
  return { check: 'real-time', result, ...(message !== undefined && { message }), count: effects.length, seconds };
}
