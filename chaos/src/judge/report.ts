import { closeSync, mkdirSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { groupBy } from './groups.ts';
import { toJson, type ModelCall, type ModelRequest, type ModelWatch } from './model.ts';
import type { Read } from './reads.ts';

/** What the program judges. */
export interface Report {
  /** The requests that the cluster has committed, in order. */
  readonly persisted: readonly ModelRequest[];
  /** How many of these come before the operations. */
  readonly before: number;
  readonly calls: readonly ModelCall[];
  readonly watches: readonly ModelWatch[];
  /** Those with a filter. */
  readonly filtered: readonly ModelWatch[];
  readonly reads: readonly Read[];
}

/**
 * Writes a folder in the report format of etcd's robustness tests: `client-N/operations.json` and `client-N/watch.json`. The
 * committed requests are beside them; etcd's tests read these from the members' logs.
 */
export function writeReport(folder: string, { persisted, before, calls, watches, filtered, reads }: Report): void {
  rmSync(folder, { recursive: true, force: true });
  const parts = {
    operations: join(folder, 'operations'),
    watches: join(folder, 'watches', 'client-0'),
    filtered: join(folder, 'filtered', 'client-0'),
    reads: join(folder, 'reads', 'client-0'),
  };
  for (const part of Object.values(parts)) mkdirSync(part, { recursive: true });
  for (const [client, all] of groupBy(calls, ({ ClientID }) => ClientID)) {
    const place = join(parts.operations, `client-${client}`);
    mkdirSync(place);
    all.sort((a, b) => a.Call - b.Call);
    writeLines(join(place, 'operations.json'), all);
  }
  writeLines(join(parts.watches, 'watch.json'), watches);
  writeLines(join(parts.filtered, 'watch.json'), filtered);
  writeLines(
    join(parts.reads, 'operations.json'),
    reads.map(({ call }) => call),
  );
  writeLines(join(folder, 'persisted.json'), persisted);
  writeFileSync(join(folder, 'scope.json'), JSON.stringify({ persisted: before }));
}

/** Writes values a megabyte at a time: a whole history is longer than the longest text. */
function writeLines(path: string, values: readonly object[]): void {
  const file = openSync(path, 'w');
  try {
    let text = '';
    for (const value of values) {
      text += `${toJson(value)}\n`;
      if (text.length < 1 << 20) continue;
      writeSync(file, text);
      text = '';
    }
    writeSync(file, text);
  } finally {
    closeSync(file);
  }
}
