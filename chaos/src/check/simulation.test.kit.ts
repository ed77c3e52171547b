import type {
  Answer,
  Fault,
  Kv,
  LeaseSeen,
  LockSeen,
  Operation,
  Pages,
  Request,
  Revision,
  SeenEvent,
  WatchEnded,
  WatchOpened,
  WatchResponded,
} from '../history.ts';
import type { History } from '../load.ts';

/** A store that records the true history of its use. Tests change the history into a lie. */
export class Simulation {
  readonly operations: Operation[] = [];
  readonly revisions: Revision[] = [];
  readonly pages: Pages[] = [];
  readonly watches: (WatchOpened | WatchResponded | WatchEnded)[] = [];
  readonly leases: LeaseSeen[] = [];
  readonly locks: LockSeen[] = [];
  readonly faults: Fault[] = [];
  revision = 1;
  time = 1_000;
  readonly #keys: Map<string, Kv> = new Map();

  /** Carries out a request, from one time to the next, and records it. */
  do(request: Request): Operation {
    const answer = this.#apply(request);
    const call = this.time;
    this.time += 10;
    const operation: Operation = {
      ...{ type: 'operation', process: 1, client: 1, call, return: this.time - 1, request },
      ...{ revision: this.revision, answer },
    };
    this.operations.push(operation);
    return operation;
  }

  put(key: string, value: string, lease?: string): Operation {
    return this.do({ type: 'put', key, value, ...(lease !== undefined && { lease }) });
  }

  get(key: string): Operation {
    return this.do({ type: 'get', key });
  }

  swap(key: string, expected: string, value: string): Operation {
    return this.do({
      type: 'txn',
      compares: [{ key, target: 'value', value: expected }],
      success: [{ type: 'put', key, value }],
      failure: [{ type: 'get', key }],
    });
  }

  history(): History {
    const { operations, revisions, pages, watches, leases, locks, faults } = this;
    const run = { seed: 1, minutes: 1, etcd: '3.5.30', transport: 'grpc', done: {}, failures: [] };
    return { operations, revisions, pages, watches, leases, locks, faults, samples: [], run };
  }

  /** A watch from a revision on that delivers all events of its keys so far, each revision in a response of its own. */
  watch(opened: Partial<WatchOpened> & { readonly key: string }): void {
    const { key, end, startRevision = 1, prevKv = false, filter } = opened;
    const watch = this.watches.length;
    const at = this.time;
    this.watches.push({
      type: 'watch',
      process: 1,
      client: 1,
      watch,
      at,
      kind: 'now',
      startRevision,
      prevKv,
      ...opened,
    });
    for (const { revision, events } of this.revisions) {
      if (revision < startRevision) continue;
      const seen = events
        .filter(
          ({ kv, type }) => (end === undefined ? kv.key === key : kv.key >= key && kv.key < end) && type !== filter,
        )
        .map(({ prevKv: previous, ...event }) =>
          prevKv && previous !== undefined ? { ...event, prevKv: previous } : event,
        );
      if (seen.length > 0) {
        this.watches.push({ type: 'response', process: 1, watch, at, revision, kind: 'events', events: seen });
      }
    }
    this.watches.push({ type: 'ended', process: 1, watch, at, code: 'done' });
  }

  #apply(request: Request): Answer {
    const events: SeenEvent[] = [];
    const answer = this.#answer(request, events);
    if (events.length > 0) this.revisions.push({ revision: ++this.revision, at: this.time + 5, events });
    return answer;
  }

  #answer(request: Request, events: SeenEvent[]): Answer {
    switch (request.type) {
      case 'put': {
        const before = this.#keys.get(request.key);
        const mod = this.revision + 1;
        const kv: Kv = {
          ...{ key: request.key, value: request.value, mod },
          ...{ create: before?.create ?? mod, version: (before?.version ?? 0) + 1, lease: request.lease ?? '0' },
        };
        this.#keys.set(kv.key, kv);
        events.push({
          type: 'put',
          kv,
          ...(before && { prevKv: before }),
          ...(kv.version === 1 && { isCreate: true }),
        });
        return { type: 'put' };
      }
      case 'get': {
        const kvs = this.#within(request.key, request.end);
        return { type: 'get', kvs, count: kvs.length, more: false };
      }
      case 'delete': {
        const kvs = this.#within(request.key, request.end);
        for (const kv of kvs) {
          this.#keys.delete(kv.key);
          const gone: Kv = { key: kv.key, value: '', create: 0, mod: this.revision + 1, version: 0, lease: '0' };
          events.push({ type: 'delete', kv: gone, prevKv: kv });
        }
        return { type: 'delete', deleted: kvs.length };
      }
      case 'txn': {
        const succeeded = request.compares.every(({ key, target, value }) => {
          const kv = this.#keys.get(key);
          return target === 'value' ? kv?.value === value : (kv?.[target] ?? 0) === value;
        });
        const branch = succeeded ? request.success : request.failure;
        return { type: 'txn', succeeded, answers: branch.map((one) => this.#answer(one, events)) };
      }
      default:
        return { type: request.type };
    }
  }

  #within(key: string, end: string | undefined): Kv[] {
    return [...this.#keys.values()]
      .filter((kv) => (end === undefined ? kv.key === key : kv.key >= key && kv.key < end))
      .sort((a, b) => (a.key < b.key ? -1 : 1));
  }
}
