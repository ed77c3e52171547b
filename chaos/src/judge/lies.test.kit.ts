import type { Answer, Kv, Operation, SeenEvent, WatchResponded } from '../history.ts';
import type { Recorded } from './record.test.kit.ts';

type Changeable<T> = { -readonly [Key in keyof T]: T[Key] };

/** The responses with events of the watch of all keys. */
export const responsesOf = ({ watches }: Recorded): Changeable<WatchResponded>[] =>
  watches.filter(
    (line): line is WatchResponded => line.type === 'response' && line.watch === 1 && line.kind === 'events',
  );

/** A lie about a history, and the checks that find it. */
export type Lie = readonly [name: string, checks: readonly string[], change: (history: Recorded) => unknown];

const eventsOf = (history: Recorded): Changeable<SeenEvent>[] =>
  responsesOf(history).flatMap(({ events }) => events as Changeable<SeenEvent>[]);

const readsOf = ({ operations }: Recorded, key: string, serializable?: true): Changeable<Operation>[] =>
  operations.filter(
    ({ request }) => request.type === 'get' && request.key === key && request.serializable === serializable,
  );

const LIES_OF_WATCHES: readonly Lie[] = [
  ['an event that is lost', ['watch-reliable'], (history) => remove(history, middle(responsesOf(history)))],
  [
    'the first event that is lost',
    ['watch-resumable', 'watch-reliable'],
    (history) => {
      const first = responsesOf(history)[0] as Changeable<WatchResponded>;
      const rest = first.events.filter(({ kv }) => kv.mod !== first.events[0]?.kv.mod);
      if (rest.length === 0) remove(history, first);
      else first.events = rest;
    },
  ],
  [
    'an event that comes twice',
    ['watch-unique', 'watch-reliable'],
    (history) => {
      const response = middle(responsesOf(history));
      response.events = [...response.events, ...response.events.slice(-1)];
    },
  ],
  [
    'two events that change places',
    ['watch-ordered', 'watch-reliable'],
    (history) => {
      const responses = responsesOf(history).filter(({ events }) => events.length === 1);
      const [one, two] = responses.slice(5, 7) as [Changeable<WatchResponded>, Changeable<WatchResponded>];
      [one.events, two.events] = [two.events, one.events];
    },
  ],
  [
    'a transaction in two responses',
    ['watch-atomic'],
    (history) => {
      const twin = ({ events }: WatchResponded): number =>
        events.findIndex(({ kv }, i) => kv.mod === events[i + 1]?.kv.mod);
      const whole = responsesOf(history).find((one) => twin(one) >= 0) as Changeable<WatchResponded>;
      const at = twin(whole) + 1;
      const rest = { ...whole, events: whole.events.slice(at) };
      whole.events = whole.events.slice(0, at);
      history.watches.splice(history.watches.indexOf(whole) + 1, 0, rest);
    },
  ],
  [
    'a bookmark that is ahead of an event',
    ['watch-bookmarkable'],
    (history) => {
      const response = middle(responsesOf(history));
      const revision = (response.events[0] as SeenEvent).kv.mod;
      const bookmark = { ...response, kind: 'progress', revision, events: [] } as const;
      history.watches.splice(history.watches.indexOf(response), 0, bookmark);
    },
  ],
  [
    'a bookmark before which an event was lost',
    ['watch-reliable'],
    (history) => {
      const response = responsesOf(history).at(-1) as WatchResponded;
      const revision = (response.events.at(-1) as SeenEvent).kv.mod;
      remove(history, response);
      history.watches.push({ ...response, kind: 'progress', revision, events: [] });
    },
  ],
  [
    'a previous value that never was',
    ['watch-prev-kv'],
    (history) => {
      const event = eventsOf(history).find(({ prevKv }) => prevKv !== undefined) as Changeable<SeenEvent>;
      event.prevKv = { ...(event.prevKv as Kv), value: 'never' };
    },
  ],
  [
    'an event that says that it made a key',
    ['watch-reliable', 'watch-is-create'],
    (history) => {
      const event = eventsOf(history).find(
        ({ type, isCreate }) => type === 'put' && !isCreate,
      ) as Changeable<SeenEvent>;
      event.isCreate = true;
    },
  ],
  [
    'an event of a key that is not watched',
    ['watch-filter', 'watch-reliable'],
    (history) => {
      // It takes the place of nothing: the other watch has no event of its revision.
      const other = responsesOf(history).findLast(({ events }) =>
        events.every(({ kv }) => kv.key !== 'k/1'),
      ) as WatchResponded;
      const own = history.watches.findIndex(
        (line) =>
          line.type === 'response' &&
          line.watch === 2 &&
          line.events.some(({ kv }) => kv.mod > (other.events[0] as SeenEvent).kv.mod),
      );
      history.watches.splice(own, 0, { ...other, watch: 2 });
    },
  ],
];

const LIES_OF_OPERATIONS: readonly Lie[] = [
  [
    'a linearizable read of the past',
    ['linearization'],
    (history) => {
      const reads = readsOf(history, 'k/0');
      const [first, last] = [reads[0], reads.at(-1)] as [Operation, Changeable<Operation>];
      [last.revision, last.answer] = [first.revision as number, first.answer as Answer];
    },
  ],
  ['a linearizable read of what never was', ['linearization'], (history) => falsify(readsOf(history, 'k/0'))],
  ['a stale read of what never was', ['serializable'], (history) => falsify(readsOf(history, 'k/', true))],
  [
    'an acknowledged write that is not in the log',
    ['persisted', 'linearization'],
    (history) => {
      const last = history.operations.at(-1) as Operation;
      const request = { type: 'put', key: 'k/1', value: 'never' } as const;
      history.operations.push({ ...last, call: last.return, return: last.return + 5, request });
    },
  ],
  [
    'a write that is in the log and failed as not applied',
    ['persisted'],
    (history) => {
      const { answer: _answer, revision: _revision, ...rest } = history.operations.at(-1) as Operation;
      history.operations.splice(-1, 1, { ...rest, error: { code: 'UNAVAILABLE', outcome: 'not-applied' } });
    },
  ],
  [
    'a deletion that counts too many keys',
    ['persisted'],
    (history) => {
      const ranged = history.operations.find(({ request }) => request.type === 'delete' && request.end !== undefined);
      (ranged as Changeable<Operation>).answer = { type: 'delete', deleted: 3 };
    },
  ],
];

export const LIES: readonly Lie[] = [...LIES_OF_WATCHES, ...LIES_OF_OPERATIONS];

function falsify(reads: readonly Changeable<Operation>[]): void {
  const read = reads.findLast(({ answer }) => answer?.type === 'get' && answer.kvs.length > 0) as Changeable<Operation>;
  const answer = read.answer as Extract<Answer, { type: 'get' }>;
  read.answer = { ...answer, kvs: answer.kvs.map((kv, i) => (i === 0 ? { ...kv, value: 'never' } : kv)) };
}

function middle<T>(values: readonly T[]): T {
  return values[Math.floor(values.length / 2)] as T;
}

function remove({ watches }: Recorded, line: WatchResponded): void {
  watches.splice(watches.indexOf(line), 1);
}
