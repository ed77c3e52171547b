import type { Retention } from './compactor.ts';
import { parseDuration } from './duration.ts';

const HOUR_MS = 3_600_000;

/** Reads the options of auto-compaction as etcd does (parseCompactionRetention in embed/etcd.go); `undefined` compacts nothing. */
export function retentionOf(mode: 'periodic' | 'revision', retention: string | number): Retention | undefined {
  const text = String(retention);
  const count = /^\+?\d+$/.test(text) ? Number(text) : undefined;
  if (count === 0) return undefined;
  if (mode === 'revision') {
    if (Number.isSafeInteger(count)) return { revisions: count as number };
    throw refused(retention, 'a whole number of revisions, as 1000');
  }
  const ms = count === undefined ? parseDuration(text) : count * HOUR_MS;
  if (ms === 0) return undefined;
  if (ms !== undefined && ms >= 1) return { ms };
  throw refused(retention, 'a time of at least 1ms, as 5m, 1h30m, or a number of hours');
}

function refused(retention: string | number, needed: string): TypeError {
  return new TypeError(`startEmbedded: autoCompactionRetention is ${retention}; it must be ${needed}`);
}
