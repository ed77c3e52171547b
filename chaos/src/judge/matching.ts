import type { Answer, Operation } from '../history.ts';
import { groupBy } from './groups.ts';
import type { LogEntry } from './log.ts';
import { isRead, isUnique, signatureOf } from './signature.ts';
import type { Verdict } from './verdict.ts';

/** Which operation made which entry of the log. */
export interface Matching {
  readonly entries: ReadonlyMap<Operation, LogEntry>;
  readonly operations: ReadonlyMap<LogEntry, Operation>;
  /**
   * Grants and revocations whose answer is of a later revision: one whose answer was lost is repeated, and what etcd then says shows that
   * it was done, by whomever.
   */
  readonly settled: ReadonlySet<Operation>;
  /** Whether what was acknowledged is in the log, once, and what is `'not-applied'` is not. */
  readonly verdict: Verdict;
}

/** Finds the operations in the log: by what they request, and by the revision of their answers. */
export function matchOperations(operations: readonly Operation[], log: readonly LogEntry[]): Matching {
  const start = performance.now();
  const entries = new Map<Operation, LogEntry>();
  const makers = new Map<LogEntry, Operation>();
  const bySignature = groupBy(log, ({ request }) => signatureOf(request));
  const byRevision = groupBy(log, ({ request, revision }) => `${revision} ${signatureOf(request)}`);
  const settled = new Set<Operation>();
  const violations: string[] = [];
  const writes = operations.filter(({ request }) => !isRead(request));

  const claim = (operation: Operation, found: readonly LogEntry[] = []): LogEntry | undefined => {
    const { answer } = operation;
    const free = found.filter((one) => !makers.has(one) && (answer === undefined || one.applied));
    // Two deletions of a key may be of one revision, and only one of them did it.
    const entry = (answer && free.find((one) => agrees(answer, one))) ?? free[0];
    if (entry === undefined) return undefined;
    entries.set(operation, entry);
    makers.set(entry, operation);
    return entry;
  };
  for (const operation of writes) {
    const { request, revision, answer } = operation;
    if (answer === undefined) continue;
    const signature = signatureOf(request);
    const same = bySignature.get(signature);
    // The answer to a compaction may be of a later revision.
    const entry = claim(operation, request.type === 'compact' ? same : byRevision.get(`${revision} ${signature}`));
    if (entry === undefined && isSettled(operation, same)) settled.add(operation);
    else if (entry === undefined) {
      const elsewhere = same === undefined ? 'not in the log' : `in the log at revision ${same[0]?.revision}`;
      violations.push(`${signature} was acknowledged at revision ${revision} and is ${elsewhere}`);
    } else if (!agrees(answer, entry)) {
      violations.push(
        `${signature} at revision ${revision}: the answer ${JSON.stringify(answer)} is not what was done`,
      );
    }
  }
  const unanswered = writes.filter(({ request, answer }) => answer === undefined && isUnique(request));
  for (const operation of unanswered) {
    if (operation.error?.outcome !== 'not-applied') claim(operation, bySignature.get(signatureOf(operation.request)));
  }
  for (const { request, error } of unanswered) {
    if (error?.outcome !== 'not-applied') continue;
    const done = bySignature.get(signatureOf(request))?.find((one) => one.events.length > 0 && !makers.has(one));
    if (done === undefined) continue;
    violations.push(
      `${signatureOf(request)} failed with ${error.code} as not applied and is in the log at revision ${done.revision}`,
    );
  }
  for (const [signature, found] of bySignature) {
    const done = found.filter((one) => one.events.length > 0);
    if (done.length > 1 && isUnique(done[0]?.request ?? { type: 'get' }) && done.some((one) => makers.has(one))) {
      violations.push(`${signature} is in the log ${done.length} times`);
    }
  }
  const seconds = (performance.now() - start) / 1_000;
  const verdict: Verdict =
    violations.length === 0
      ? { check: 'persisted', result: 'ok', count: writes.length, seconds }
      : {
          check: 'persisted',
          result: 'violation',
          message: `${violations.length} of ${writes.length} writes differ from the log`,
          details: violations.slice(0, 5),
          count: writes.length,
          seconds,
        };
  return { entries, operations: makers, settled, verdict };
}

function isSettled({ request, revision = 0 }: Operation, same: readonly LogEntry[] = []): boolean {
  const ofLeases = request.type === 'grant' || request.type === 'revoke';
  return ofLeases && same.some((one) => one.applied && one.revision <= revision);
}

/** Compares what etcd's model is not shown: it knows only deletions of one key. */
function agrees(answer: Answer, { request, events, succeeded }: LogEntry): boolean {
  if (answer.type !== request.type) return false;
  if (answer.type === 'delete') return answer.deleted === events.length;
  return answer.type !== 'txn' || answer.succeeded === succeeded;
}
