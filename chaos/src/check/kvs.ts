import type { Kv } from '../history.ts';

export function sameKv(a: Kv | undefined, b: Kv | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return (
    a.key === b.key &&
    a.value === b.value &&
    a.create === b.create &&
    a.mod === b.mod &&
    a.version === b.version &&
    a.lease === b.lease
  );
}

export function sameKvs(a: readonly Kv[], b: readonly Kv[]): boolean {
  return a.length === b.length && a.every((kv, i) => sameKv(kv, b[i]));
}

/** Keys as text. */
export function shown(kvs: readonly Kv[]): string {
  return kvs.map(({ key, value, mod }) => `${key}=${value}@${mod}`).join(' ') || 'nothing';
}
