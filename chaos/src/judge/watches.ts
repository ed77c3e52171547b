import type { SeenEvent, WatchEnded, WatchOpened, WatchResponded } from '../history.ts';
import { count } from './calls.ts';
import type { ModelEvent, ModelWatch, ModelWatchResponse } from './model.ts';
import { toValue } from './responses.ts';
import type { Scope } from './scope.ts';

/** A watch and what it delivered. */
export interface Watched {
  readonly opened: WatchOpened;
  readonly responses: WatchResponded[];
  /** The first revision that it is to deliver; 0 for the first one that it delivered. */
  readonly from: number;
}

/** Gathers the watches that etcd's model knows: of one key or a prefix. `leftOut` counts the others. */
export function watchesOf(
  lines: readonly (WatchOpened | WatchResponded | WatchEnded)[],
  leftOut: Map<string, number>,
): Watched[] {
  const watches = new Map<string, Watched & { from: number }>();
  for (const line of lines) {
    const id = `${line.process} ${line.watch}`;
    const watched = watches.get(id);
    if (line.type === 'watch') {
      // Behind a compaction a copy deletes what is gone at the revision of its new base, where etcd has no such event.
      if (line.kind === 'cached') count(leftOut, 'watch of a copy');
      else if (line.end !== undefined && !isPrefix(line.key, line.end)) count(leftOut, 'watch of a range');
      else watches.set(id, { opened: line, responses: [], from: line.startRevision });
    } else if (watched !== undefined && line.type === 'response') {
      // A watch from now on begins after the revision at which it was made.
      if (line.kind === 'created' && watched.from === 0) watched.from = line.revision + 1;
      watched.responses.push(line);
    }
  }
  return [...watches.values()];
}

/**
 * The parts of a watch, by the scopes: each has what comes before the first revision that is beyond its scope. A watch that went
 * beyond has seen all of the scope, as a bookmark at its end would say.
 */
export function* partsOf(watched: Watched, scopes: readonly Scope[]): Generator<[Scope, ModelWatch]> {
  const rest = watched.responses.filter(({ kind }) => kind !== 'created').reverse();
  for (const scope of scopes) {
    if (rest.length === 0) return;
    if (watched.from > scope.to) continue;
    const Responses: ModelWatchResponse[] = [];
    while (rest.length > 0) {
      const response = rest.at(-1) as WatchResponded;
      const within = partWithin(response, scope.to);
      if (within !== undefined) Responses.push(toResponse(within));
      if (within !== response) {
        if (within !== undefined)
          rest.push({ ...(rest.pop() as WatchResponded), events: response.events.slice(within.events.length) });
        Responses.push({ IsProgressNotify: true, Revision: scope.to });
        break;
      }
      rest.pop();
    }
    const { key, end, prevKv } = watched.opened;
    const Request = {
      Key: end === '\u0000' ? '' : key,
      // The scope's own keys are those of its revisions.
      Revision: watched.from === 0 ? 0 : Math.max(watched.from, scope.from + 1),
      WithPrefix: end !== undefined,
      WithProgressNotify: true,
      WithPrevKV: prevKv,
    };
    yield [scope, { Request, Responses }];
  }
}

/** What of a response comes before the first event, or the bookmark, beyond a revision: itself, some of its events, or nothing. */
function partWithin(response: WatchResponded, to: number): WatchResponded | undefined {
  if (response.kind === 'progress') return response.revision <= to ? response : undefined;
  const beyond = response.events.findIndex(({ kv }) => kv.mod > to);
  if (beyond === -1) return response;
  return beyond === 0 ? undefined : { ...response, events: response.events.slice(0, beyond) };
}

function toResponse({ events, kind, revision: Revision }: WatchResponded): ModelWatchResponse {
  return kind === 'progress' ? { IsProgressNotify: true, Revision } : { Events: events.map(toEvent), Revision };
}

function toEvent({ type, kv, prevKv, isCreate }: SeenEvent): ModelEvent {
  return {
    Type: type === 'put' ? 'put-operation' : 'delete-operation',
    Key: kv.key,
    Value: { Value: type === 'put' ? kv.value : '' },
    Revision: kv.mod,
    IsCreate: isCreate ?? (type === 'put' && kv.create === kv.mod),
    ...(prevKv && { PrevValue: toValue(prevKv) }),
  };
}

function isPrefix(key: string, end: string): boolean {
  if (end === '\u0000') return key === '\u0000';
  const last = key.charCodeAt(key.length - 1);
  return end === `${key.slice(0, -1)}${String.fromCharCode(last + 1)}`;
}
