import type { SeenEvent, WatchEnded, WatchOpened, WatchResponded } from '../history.ts';
import { sameKv } from './kvs.ts';
import { isWithin, type Store } from './store.ts';
import { Violations } from './violations.ts';

/** The revision to which the history may have been compacted by a time. */
export type CompactedBy = (time: number) => number;

/** All that one watch delivered, in order. */
interface Watched {
  readonly opened: WatchOpened;
  readonly responses: WatchResponded[];
  ended: WatchEnded | undefined;
}

/**
 * The promises of etcd's API about watches: ordered, unique, reliable (with resumable), atomic, bookmarkable; and filter, prevKv,
 * isCreate. `compactedBy(time)` is the revision to which the history may have been compacted by then.
 */
export function checkWatches(
  lines: readonly (WatchOpened | WatchResponded | WatchEnded)[],
  store: Store,
  compactedBy: CompactedBy,
): Violations {
  const violations = new Violations('watches');
  for (const watched of byWatch(lines).values()) {
    if (watched.opened.kind === 'cached') checkCopied(watched, store, violations);
    else checkWatch(watched, store, compactedBy, violations);
  }
  return violations;
}

/**
 * A watch of a copy. After a compaction it gets what has changed since, so that versions may be left out, and a deletion has the
 * revision of the new base. Each event is true at its revision, none comes twice, and none is older than one before it.
 */
function checkCopied({ opened, responses, ended }: Watched, store: Store, violations: Violations): void {
  const report = (rule: string, text: string): void =>
    violations.add(rule, `watch ${opened.watch} (of a copy) of process ${opened.process}: ${text}`);
  violations.look('cached watches');
  const seen = new Set<string>();
  const state = new Map<string, number>();
  let last = 0;
  for (const { events } of responses) {
    for (const event of events) {
      violations.look('events of copies');
      const { key, mod } = event.kv;
      const there = store.get(key, mod);
      if (event.type === 'put' ? !sameKv(event.kv, there) : there !== undefined)
        report('reliable', `${textOf(event)} never was`);
      if (seen.has(`${key}@${mod}`)) report('unique', `${textOf(event)} came again`);
      seen.add(`${key}@${mod}`);
      if (event.type === 'put') state.set(key, mod);
      else state.delete(key);
      if (mod < last && event.type === 'delete') report('ordered', `${textOf(event)} after revision ${last}`);
      last = Math.max(last, mod);
    }
  }
  for (const [key, mod] of state) {
    if (store.get(key, last)?.mod !== mod) report('reliable', `at ${last}, ${key} is not as of ${mod}`);
  }
  if (ended?.code !== 'done') report('resumable', `it ended with ${ended?.code}`);
}

function checkWatch(
  { opened, responses, ended }: Watched,
  store: Store,
  compactedBy: CompactedBy,
  violations: Violations,
): void {
  const report = (rule: string, text: string): void =>
    violations.add(rule, `watch ${opened.watch} (${opened.kind}) of process ${opened.process}: ${text}`);
  violations.look(`${opened.kind} watches`);
  const first = firstRevision(opened, responses);
  if (first === undefined) return;
  const expected = expectedEvents(opened, store, first, lastRevision(responses));
  let at = 0;
  let bookmark = 0;
  /** The last revision of which events were delivered. */
  let last = 0;
  for (const { kind, at: received, revision, events } of responses) {
    if (kind === 'progress') {
      violations.look('bookmarks');
      if (revision < bookmark) report('bookmarkable', `a bookmark of ${revision} after one of ${bookmark}`);
      bookmark = revision;
      const missing = expected[at];
      if (missing !== undefined && missing.kv.mod <= revision) {
        report('bookmarkable', `a bookmark of ${revision} before ${textOf(missing)}`);
      }
    }
    if (events.length === 0) continue;
    if ((events[0] as SeenEvent).kv.mod === last) report('atomic', `revision ${last} came in two responses`);
    for (const event of events) {
      violations.look('events');
      const { mod } = event.kv;
      if (mod < last) report('ordered', `${textOf(event)} after revision ${last}`);
      if (mod <= bookmark) report('bookmarkable', `${textOf(event)} after a bookmark of ${bookmark}`);
      last = Math.max(last, mod);
      const should = expected[at];
      if (should !== undefined && isSame(event, should)) {
        at++;
        checkPrevious(opened, event, store, compactedBy(received), report);
        if ((event.isCreate === true) !== (event.type === 'put' && should.kv.version === 1)) {
          report('isCreate', `${textOf(event)} says ${event.isCreate === true}`);
        }
        continue;
      }
      const place = expected.findIndex((one) => isSame(event, one));
      if (place < 0) report('filter', `${textOf(event)} is nothing that it watches`);
      else if (place < at) report('unique', `${textOf(event)} came again`);
      else {
        report('reliable', `${textOf(expected[at] as SeenEvent)} and ${place - at - 1} more were left out`);
        at = place + 1;
      }
    }
    const next = expected[at];
    if (next !== undefined && next.kv.mod === last) report('atomic', `revision ${last} is not whole`);
  }
  if (ended === undefined) report('reliable', 'it never ended');
  else if (ended.code === 'COMPACTED') {
    violations.look('ended by COMPACTED');
    const needed = Math.max(first, last + 1, bookmark + 1);
    if ((ended.compactRevision ?? 0) < needed) {
      report('resumable', `it ended as compacted to ${ended.compactRevision}, and needed ${needed}`);
    }
  } else if (ended.code !== 'done') report('resumable', `it ended with ${ended.code}`);
}

/** The first revision that a watch must deliver. `undefined` if it never was created, and delivered nothing. */
function firstRevision({ startRevision }: WatchOpened, responses: readonly WatchResponded[]): number | undefined {
  if (startRevision > 0) return startRevision;
  const created = responses.find(({ kind }) => kind === 'created');
  return created === undefined ? undefined : created.revision + 1;
}

/** The last revision up to which a watch says something: by an event, or by a bookmark. */
function lastRevision(responses: readonly WatchResponded[]): number {
  const said = ({ kind, revision, events }: WatchResponded): number =>
    kind === 'progress' ? revision : (events.at(-1)?.kv.mod ?? 0);
  return responses.reduce((last, response) => Math.max(last, said(response)), 0);
}

/** The events of a stretch of revisions. */
function expectedEvents(
  { filter, ...keys }: WatchOpened,
  store: Store,
  first: number,
  last: number,
): readonly SeenEvent[] {
  return store.revisions
    .slice(store.indexFrom(first), store.indexFrom(last + 1))
    .flatMap(({ events }) => events.filter(({ type, kv }) => type !== filter && isWithin(keys, kv.key)));
}

function isSame({ type, kv }: SeenEvent, should: SeenEvent): boolean {
  if (type !== should.type || kv.key !== should.kv.key || kv.mod !== should.kv.mod) return false;
  return type === 'delete' || sameKv(kv, should.kv);
}

function checkPrevious(
  { prevKv }: WatchOpened,
  { kv, prevKv: previous }: SeenEvent,
  store: Store,
  compacted: number,
  report: (rule: string, text: string) => void,
): void {
  if (!prevKv) {
    if (previous !== undefined) report('prevKv', `it was not requested, and ${kv.key}@${kv.mod} has one`);
    return;
  }
  const before = store.get(kv.key, kv.mod - 1);
  if (sameKv(previous, before)) return;
  // What was there before the event can be compacted when etcd reads it.
  if (previous === undefined && kv.mod - 1 < compacted) return;
  report(
    'prevKv',
    `${kv.key}@${kv.mod} has ${previous?.value}@${previous?.mod}, and it was ${before?.value}@${before?.mod}`,
  );
}

function byWatch(lines: readonly (WatchOpened | WatchResponded | WatchEnded)[]): Map<string, Watched> {
  const watches = new Map<string, Watched>();
  for (const line of lines) {
    const id = `${line.process} ${line.watch}`;
    if (line.type === 'watch') watches.set(id, { opened: line, responses: [], ended: undefined });
    else if (line.type === 'response') watches.get(id)?.responses.push(line);
    else (watches.get(id) as Watched).ended = line;
  }
  return watches;
}

function textOf({ type, kv }: SeenEvent): string {
  return `${type} ${kv.key}@${kv.mod}`;
}
