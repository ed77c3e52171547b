import { createReadStream, existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type {
  Fault,
  LeaseSeen,
  Line,
  LockSeen,
  Operation,
  Pages,
  Revision,
  RunSummary,
  Sample,
  WatchEnded,
  WatchOpened,
  WatchResponded,
} from './history.ts';

/** The history of a run, as its folder has it. */
export interface History {
  readonly operations: Operation[];
  readonly pages: Pages[];
  readonly watches: (WatchOpened | WatchResponded | WatchEnded)[];
  readonly leases: LeaseSeen[];
  readonly locks: LockSeen[];
  readonly faults: Fault[];
  readonly revisions: Revision[];
  readonly samples: Sample[];
  readonly run: RunSummary;
}

export async function loadHistory(folder: string): Promise<History> {
  const history: History = {
    operations: [],
    pages: [],
    watches: [],
    leases: [],
    locks: [],
    faults: [],
    revisions: [],
    samples: [],
    run: JSON.parse(readFileSync(join(folder, 'run.json'), 'utf8')) as RunSummary,
  };
  for (const file of readdirSync(folder).filter((name) => name.startsWith('history-'))) {
    for await (const line of lines<Line>(join(folder, file))) add(history, line);
  }
  for await (const fault of lines<Fault>(join(folder, 'faults.jsonl'))) history.faults.push(fault);
  for await (const revision of lines<Revision>(join(folder, 'truth.jsonl'))) history.revisions.push(revision);
  for await (const sample of lines<Sample>(join(folder, 'samples.jsonl'))) history.samples.push(sample);
  return history;
}

function add(history: History, line: Line): void {
  switch (line.type) {
    case 'operation':
      history.operations.push(line);
      return;
    case 'pages':
      history.pages.push(line);
      return;
    case 'watch':
    case 'response':
    case 'ended':
      history.watches.push(line);
      return;
    case 'lease':
      history.leases.push(line);
      return;
    case 'lock':
      history.locks.push(line);
  }
}

async function* lines<T>(path: string): AsyncGenerator<T> {
  if (!existsSync(path)) return;
  for await (const line of createInterface({ input: createReadStream(path), crlfDelay: Infinity })) {
    if (line !== '') yield JSON.parse(line) as T;
  }
}
