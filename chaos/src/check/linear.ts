import type { GetAnswer, Operation } from '../history.ts';
import { REGISTERS } from '../keys.ts';
import { Violations } from './violations.ts';

/** What an operation does to one register. `value` is `undefined` where there is no key. */
type Step =
  | { readonly type: 'write'; readonly value: string }
  | { readonly type: 'read'; readonly value: string | undefined }
  | { readonly type: 'swap'; readonly expected: string; readonly value: string };

interface Interval {
  readonly call: number;
  readonly return: number;
  readonly step: Step;
  readonly operation: Operation;
}

/** How many states of the search are visited for one stretch of a key before it is given up as undecided. */
const MOST_STATES = 2_000_000;

/**
 * Checker B: each register is linearizable, found by a search (Wing and Gong, with Lowe's memory of visited states) that takes no
 * notice of revisions. An operation of unknown outcome may have taken effect at any time after its call, or never. Values are unique:
 * one that was never read may be left out, and one that was read took effect before the first of these reads ended.
 */
export function checkLinear(operations: readonly Operation[]): Violations {
  const violations = new Violations('B');
  for (const [key, intervals] of byRegister(operations, violations)) {
    violations.look('keys');
    violations.look('operations', intervals.length);
    checkRegister(key, intervals, violations);
  }
  return violations;
}

function checkRegister(key: string, intervals: readonly Interval[], violations: Violations): void {
  let states: ReadonlySet<string | undefined> = new Set([undefined]);
  for (const stretch of stretches(intervals)) {
    violations.look('stretches');
    const after = search(stretch, states);
    if (after === 'undecided') {
      violations.add(
        'undecided',
        `${stretch.length} operations on ${key} at ${stretch[0]?.call} take too long to judge`,
        key,
      );
      return;
    }
    if (after.size === 0) {
      const [from, to] = [stretch[0]?.call, Math.max(...stretch.map((one) => one.return))];
      violations.add('linearizable', `${stretch.length} operations on ${key} from ${from} to ${to} have no order`, key);
      return;
    }
    states = after;
  }
}

/** Cuts the operations where none is under way: each stretch is judged by itself, from the states in which the one before may end. */
function* stretches(intervals: readonly Interval[]): Generator<readonly Interval[]> {
  let stretch: Interval[] = [];
  let end = -Infinity;
  for (const interval of intervals) {
    if (stretch.length > 0 && interval.call > end) {
      yield stretch;
      stretch = [];
    }
    stretch.push(interval);
    end = Math.max(end, interval.return);
  }
  if (stretch.length > 0) yield stretch;
}

/** The states in which the operations can end, by every order that is allowed; none if there is no order. */
function search(
  stretch: readonly Interval[],
  from: ReadonlySet<string | undefined>,
): ReadonlySet<string | undefined> | 'undecided' {
  const ends = new Set<string | undefined>();
  const visited = new Set<string>();
  const done = new Uint8Array(stretch.length);
  /** All before it are done. */
  const visit = (first: number, state: string | undefined, left: number): boolean => {
    if (left === 0) {
      ends.add(state);
      return true;
    }
    while (done[first] === 1) first++;
    let mark = `${first}|${state ?? ''}|`;
    // The operations that may come next: those that begin before any that is left has ended.
    let limit = Infinity;
    const next: number[] = [];
    for (let i = first; i < stretch.length; i++) {
      const interval = stretch[i] as Interval;
      if (interval.call > limit) break;
      if (done[i] === 1) {
        mark += `${i},`;
        continue;
      }
      next.push(i);
      limit = Math.min(limit, interval.return);
    }
    // What lies beyond the limit is not done, except for what was marked already.
    if (visited.has(mark)) return true;
    if (visited.add(mark).size > MOST_STATES) return false;
    for (const i of next) {
      const interval = stretch[i] as Interval;
      if (interval.call > limit) continue;
      const after = apply(interval.step, state);
      if (after === IMPOSSIBLE) continue;
      done[i] = 1;
      const decided = visit(first, after, left - 1);
      done[i] = 0;
      if (!decided) return false;
    }
    return true;
  };
  for (const state of from) if (!visit(0, state, stretch.length)) return 'undecided';
  return ends;
}

const IMPOSSIBLE = Symbol('impossible');

function apply(step: Step, state: string | undefined): string | undefined | typeof IMPOSSIBLE {
  switch (step.type) {
    case 'write':
      return step.value;
    case 'read':
      return step.value === state ? state : IMPOSSIBLE;
    case 'swap':
      return step.expected === state ? step.value : IMPOSSIBLE;
  }
}

/** The operations on each register, by their calls. */
function byRegister(operations: readonly Operation[], violations: Violations): Map<string, Interval[]> {
  const keys = new Map<string, Interval[]>();
  const unknown: Interval[] = [];
  /** When the first read of each value ended. */
  const read = new Map<string, number>();
  const denied = new Map<string, Operation>();
  for (const operation of operations) {
    const found = stepOf(operation);
    if (found === undefined) continue;
    const interval = { call: operation.call, return: operation.return, step: found.step, operation };
    if (operation.error === undefined) {
      if (found.step.type !== 'write') {
        const value = found.step.type === 'read' ? found.step.value : found.step.expected;
        if (value !== undefined) read.set(value, Math.min(read.get(value) ?? Infinity, operation.return));
      }
      (keys.get(found.key) ?? setIn(keys, found.key)).push(interval);
    } else if (operation.error.outcome === 'unknown') unknown.push(interval);
    else if (found.step.type !== 'read') denied.set(found.step.value, operation);
  }
  for (const { operation, step, call } of unknown) {
    if (step.type === 'read') continue;
    const seen = read.get(step.value);
    if (seen === undefined) continue;
    violations.look('unknown, read');
    const { key } = stepOf(operation) as { readonly key: string };
    (keys.get(key) ?? setIn(keys, key)).push({ call, return: Math.max(seen, call), step, operation });
  }
  for (const [value, { request }] of denied) {
    if (!read.has(value)) continue;
    violations.add('not-applied', `${JSON.stringify(request)} was not applied, and ${value} was read`);
  }
  for (const intervals of keys.values()) intervals.sort((a, b) => a.call - b.call);
  return keys;
}

function setIn(keys: Map<string, Interval[]>, key: string): Interval[] {
  const made: Interval[] = [];
  keys.set(key, made);
  return made;
}

/** What an operation does to the register that it names; `undefined` if it is none on a register, or reads what may be old. */
function stepOf({ request, answer }: Operation): { readonly key: string; readonly step: Step } | undefined {
  if (request.type === 'put' && request.key.startsWith(REGISTERS)) {
    return { key: request.key, step: { type: 'write', value: request.value } };
  }
  if (request.type === 'get' && request.key.startsWith(REGISTERS) && request.end === undefined) {
    if (request.serializable || request.revision !== undefined) return undefined;
    return { key: request.key, step: { type: 'read', value: (answer as GetAnswer | undefined)?.kvs[0]?.value } };
  }
  const [condition] = request.type === 'txn' ? request.compares : [];
  if (request.type !== 'txn' || condition?.target !== 'value' || !condition.key.startsWith(REGISTERS)) return undefined;
  const [put] = request.success;
  if (put?.type !== 'put') return undefined;
  if (answer?.type === 'txn' && !answer.succeeded) {
    const [got] = answer.answers as readonly GetAnswer[];
    return { key: condition.key, step: { type: 'read', value: got?.kvs[0]?.value } };
  }
  const step: Step = { type: 'swap', expected: String(condition.value), value: put.value };
  return { key: condition.key, step };
}
