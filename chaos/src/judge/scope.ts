import type { SeenEvent } from '../history.ts';
import type { LogEntry } from './log.ts';
import { isUnique } from './signature.ts';

/** A stretch of the log that is judged by itself, from the state before it. */
export interface Scope {
  /** The revisions after `from`, up to `to`. */
  readonly from: number;
  readonly to: number;
  /** The keys and leases that live before it or that something in it touches. The model has no others: each makes each step slower. */
  readonly keys: ReadonlySet<string>;
  readonly leases: ReadonlySet<string>;
}

/** A key of the model that takes the place of all keys that it does not have. */
export const ELSEWHERE = '\u0000elsewhere';

/** The revision at which each value was put, if it was put once. A comparison of such a value is one of revisions. */
export type ValueRevisions = ReadonlyMap<string, number>;

export function valueRevisionsOf(log: readonly LogEntry[]): ValueRevisions {
  const revisions = new Map<string, number>();
  for (const { request, events } of log) {
    if (!isUnique(request)) continue;
    for (const { type, kv } of events) {
      if (type !== 'put') continue;
      const place = placeOf(kv.key, kv.value);
      revisions.set(place, revisions.has(place) ? NaN : kv.mod);
    }
  }
  return revisions;
}

export function placeOf(key: string, value: string): string {
  return `${key.length} ${key} ${value}`;
}

/** Cuts the log where so many operations are complete, never within a revision. */
export function cut(log: readonly LogEntry[], revisions: readonly number[], size: number): Scope[] {
  const last = Math.max(log.at(-1)?.revision ?? 1, revisions.at(-1) ?? 1);
  const bounds: number[] = [];
  for (let at = size; at < revisions.length; at += size) {
    const revision = revisions[at] as number;
    if (revision > (bounds.at(-1) ?? 1)) bounds.push(revision);
  }
  if (bounds.at(-1) !== last) bounds.push(last);
  const living = new Living();
  let at = 0;
  return bounds.map((to, i) => {
    const keys = new Set(living.keys);
    const leases = new Set(living.leases);
    for (; at < log.length && (log[at] as LogEntry).revision <= to; at++) {
      living.apply(log[at] as LogEntry, keys, leases);
    }
    return { from: i === 0 ? 0 : (bounds[i - 1] as number), to, keys, leases };
  });
}

class Living {
  readonly keys: Set<string> = new Set();
  readonly leases: Set<string> = new Set();

  /** Takes in an entry, and adds what it touches. */
  apply({ request, events, applied }: LogEntry, keys: Set<string>, leases: Set<string>): void {
    for (const event of events) this.#event(event, keys);
    if (!applied || request.lease === undefined) return;
    if (request.type === 'grant') {
      this.leases.add(request.lease);
      leases.add(request.lease);
    }
    if (request.type === 'revoke') this.leases.delete(request.lease);
  }

  #event({ type, kv: { key } }: SeenEvent, keys: Set<string>): void {
    keys.add(key);
    if (type === 'put') this.keys.add(key);
    else this.keys.delete(key);
  }
}
