import type { Retention } from './compactor.ts';
import { parseDuration } from './duration.ts';

const HOUR_MS = 3_600_000;

/** Reads the options of auto-compaction as etcd does (parseCompactionRetention in embed/etcd.go); `undefined` compacts nothing. */
export function retentionOf(mode: unknown = 'periodic', retention: unknown = 0): Retention | undefined {
  if (mode !== 'periodic' && mode !== 'revision')
    throw new TypeError(`startEmbedded: autoCompactionMode is ${String(mode)}; it must be periodic or revision`);
  const text = typeof retention === 'number' ? String(retention) : retention;
  const count = typeof text === 'string' && /^\+?\d+$/.test(text) ? Number(text) : undefined;
  if (count === 0) return undefined;
  if (mode === 'revision') {
    if (Number.isSafeInteger(count)) return { revisions: count as number };
    throw refused(retention, 'a whole number of revisions, as 1000');
  }
  const ms = count === undefined ? parseDuration(String(text)) : count * HOUR_MS;
  if (ms === 0) return undefined;
  if (ms !== undefined && ms >= 1) return { ms };
  throw refused(retention, 'a time of at least 1ms, as 5m, 1h30m, or a number of hours');
}

function refused(retention: unknown, needed: string): TypeError {
  return new TypeError(`startEmbedded: autoCompactionRetention is ${String(retention)}; it must be ${needed}`);
}
