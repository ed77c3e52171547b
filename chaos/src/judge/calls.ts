import type { Operation } from '../history.ts';
import type { LogEntry } from './log.ts';
import type { Matching } from './matching.ts';
import type { ModelCall } from './model.ts';
import type { ModelRequests } from './requests.ts';
import { persistedAs, responseOf } from './responses.ts';
import { isRead } from './signature.ts';

/** Something that took effect at a revision: an operation, an entry of the log, or both. */
export interface Effect {
  readonly operation?: Operation;
  readonly entry?: LogEntry;
  readonly revision: number;
  readonly call: number;
  readonly return: number;
}

/**
 * Lists all that took effect, in the order of revisions: answered operations, those without an answer that are in the log, and
 * entries that no operation made, such as the end of a lease or what a lock writes. The log says which is which, so that the search
 * for a linearization has nothing to guess. `leftOut` counts the rest.
 */
export function effectsOf(
  operations: readonly Operation[],
  log: readonly LogEntry[],
  { entries, operations: makers, settled }: Matching,
  leftOut: Map<string, number>,
): Effect[] {
  const effects: Effect[] = [];
  for (const operation of operations) {
    if (!isRead(operation.request)) {
      if (entries.has(operation)) continue;
      if (settled.has(operation)) count(leftOut, `${operation.request.type} that was settled`);
      else if (operation.answer === undefined) count(leftOut, `${operation.request.type} that is not in the log`);
      // An acknowledged write that is not in the log is judged with the rest: the model shows what it contradicts.
      else effects.push(answered(operation));
    } else if (operation.answer === undefined) count(leftOut, 'read that failed');
    else if (isSerializable(operation)) count(leftOut, 'serializable read from the linearization');
    else effects.push(answered(operation));
  }
  const last = operations.reduce((most, one) => Math.max(most, one.return), 0) + 1;
  for (const entry of log) {
    const operation = makers.get(entry);
    if (operation?.answer !== undefined) effects.push({ ...answered(operation), entry, revision: entry.revision });
    // It took effect at some time after its call, which only its neighbours tell.
    else
      effects.push({
        ...(operation && { operation }),
        entry,
        revision: entry.revision,
        call: operation?.call ?? 0,
        return: last,
      });
  }
  return effects.sort((a, b) => a.revision - b.revision || orderOf(a) - orderOf(b));
}

/** The place in the log; reads come after it. */
function orderOf({ entry }: Effect): number {
  return entry?.index ?? Number.MAX_SAFE_INTEGER;
}

/** Makes etcd's model of it; `undefined` if it does nothing to the model. */
export function callOf(effect: Effect, requests: ModelRequests, client: number): ModelCall | undefined {
  const { operation, entry, call: Call, return: Return } = effect;
  const plain = operation?.answer && requests.plain(operation.request);
  if (plain !== undefined)
    return { ClientID: client, Input: plain, Call, Output: responseOf(operation as Operation), Return };
  const Input = entry && requests.of(entry);
  return Input && { ClientID: client, Input, Call, Output: persistedAs(entry), Return };
}

function answered(operation: Operation): Effect {
  const { revision = 0, call, return: end } = operation;
  return { operation, revision, call, return: Math.max(call + 1, end) };
}

/** Whether a read may be stale: each of its gets says so. */
export function isSerializable({ request }: Operation): boolean {
  if (request.type === 'get') return request.serializable === true;
  if (request.type !== 'txn') return false;
  const gets = [...request.success, ...request.failure];
  return gets.length > 0 && gets.every((one) => one.type === 'get' && one.serializable === true);
}

export function count(counts: Map<string, number>, what: string): void {
  counts.set(what, (counts.get(what) ?? 0) + 1);
}
