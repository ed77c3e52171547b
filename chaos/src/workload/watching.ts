import { cached, type CachedClient } from '@etcdts/cache';
import {
  isEtcdError,
  type EtcdClient,
  type EtcdOperations,
  type WatchEvent,
  type WatchOptions,
  type WatchResponse,
} from '@etcdts/core';
import { withNamespace } from '@etcdts/namespace';
import { now, pause } from '../clock.ts';
import type { SeenEvent } from '../history.ts';
import { ALL, DIRECTORY, endOf, PAIRS, REGISTERS } from '../keys.ts';
import { toKv } from '../perform.ts';
import type { Finals } from './finals.ts';
import type { WorkerContext } from './worker-context.ts';

/** How a kind of watch is made, beside its options. */
interface Kind {
  readonly key: string;
  /** Whether `key` is a prefix. */
  readonly prefix: boolean;
  /** The last event that it must deliver. */
  readonly last: keyof Finals;
  readonly options?: (context: WorkerContext) => WatchOptions;
  /** How long its reader rests after each response, in ms. */
  readonly rest?: number;
  /** Whether it lives as long as its process. */
  readonly long?: true;
}

/** When watches end: no new ones after `settling`, and none that are open end then; all end with `stopping`. */
export interface Ending {
  readonly settling: AbortSignal;
  readonly stopping: AbortSignal;
}

/** Every kind of watch that there is. */
export const KINDS: Readonly<Record<string, Kind>> = {
  start: { key: ALL, prefix: true, last: 'pair', options: () => ({ startRevision: 1 }), long: true },
  now: { key: ALL, prefix: true, last: 'pair' },
  past: {
    key: REGISTERS,
    prefix: true,
    last: 'register',
    options: (context) => ({ startRevision: Math.max(1, context.revision - context.below(800)) }),
  },
  future: {
    key: REGISTERS,
    prefix: true,
    last: 'register',
    options: (context) => ({ startRevision: context.revision + 1 + context.below(300) }),
  },
  one: { key: `${REGISTERS}3`, prefix: false, last: 'register', options: () => ({ prevKv: true }) },
  puts: { key: DIRECTORY, prefix: true, last: 'entry', options: () => ({ filters: ['delete'] }) },
  deletions: { key: DIRECTORY, prefix: true, last: 'deletion', options: () => ({ filters: ['put'], prevKv: true }) },
  pairs: { key: PAIRS, prefix: true, last: 'pair', options: () => ({ fragment: true }) },
  bookmarks: { key: DIRECTORY, prefix: true, last: 'deletion', options: () => ({ progressNotify: true }), long: true },
  slow: { key: REGISTERS, prefix: true, last: 'register', options: () => ({ maxBufferedBytes: 4_096 }), rest: 150 },
  namespaced: { key: REGISTERS, prefix: true, last: 'register', options: () => ({ prevKv: true }) },
  cached: { key: DIRECTORY, prefix: true, last: 'deletion', options: () => ({ prevKv: true }) },
};

/** Opens one watch of a kind after the other, until `settling` aborts. `stopping` ends the watches that are open. */
export async function watchAgainAndAgain(
  context: WorkerContext,
  client: EtcdClient,
  number: number,
  kind: string,
  { settling, stopping }: Ending,
): Promise<void> {
  while (!settling.aborted) {
    const copy = kind === 'cached' ? await openCopy(context, client, number, settling) : undefined;
    const prefix = kind === 'namespaced' ? ALL : '';
    const watched = copy ?? (prefix === '' ? client : withNamespace(client, prefix));
    await watchOnce(context, watched, number, kind, prefix, { settling, stopping });
    await copy?.close();
    await pause(100 * context.random(), settling);
  }
}

/** Opens one copy after the other and reads each as it begins, since what goes wrong there is soon written over. Returns the last one. */
async function openCopy(
  context: WorkerContext,
  client: EtcdClient,
  number: number,
  settling: AbortSignal,
): Promise<CachedClient> {
  for (let more = 3; ; more--) {
    const copy = cached(client, DIRECTORY);
    await copy.cache.whenReady({ timeoutMs: 60_000 });
    for (let i = 0; i < 5; i++) {
      await readCopy(context, copy, number);
      await pause(30, settling);
    }
    if (more === 0 || settling.aborted) return copy;
    await copy.close();
  }
}

async function readCopy({ process, recorder }: WorkerContext, copy: CachedClient, client: number): Promise<void> {
  const call = now();
  const { header, kvs } = await copy.kv.get(DIRECTORY, { prefix: true, serializable: true });
  recorder.write({
    type: 'pages',
    process,
    client,
    call,
    return: now() + 1,
    key: DIRECTORY,
    end: endOf(DIRECTORY),
    revision: Number(header.revision),
    kvs: kvs.map(toKv),
    copied: true,
  });
}

let watches = 0;

/** Opens a watch and records all that it delivers, until it ends, has lived long enough, or `stopping` aborts. */
async function watchOnce(
  context: WorkerContext,
  client: EtcdOperations,
  number: number,
  kind: string,
  prefix: string,
  { settling, stopping }: Ending,
): Promise<void> {
  const { key, prefix: ranged, last, options: optionsOf, rest = 0, long } = KINDS[kind] as Kind;
  const { process, recorder } = context;
  const watch = ++watches;
  const options = optionsOf?.(context) ?? {};
  recorder.write({
    type: 'watch',
    process,
    client: number,
    watch,
    at: now(),
    kind,
    key,
    ...(ranged && { end: endOf(key) }),
    startRevision: Number(options.startRevision ?? 0),
    prevKv: options.prevKv === true,
    ...(options.filters?.[0] !== undefined && { filter: options.filters[0] }),
  });
  const enough = new AbortController();
  const end = (): void => {
    if (!settling.aborted) enough.abort();
  };
  const life = long ? undefined : setTimeout(end, 3_000 + 17_000 * context.random());
  const ended = (code: string, compactRevision?: bigint): void =>
    recorder.write({
      type: 'ended',
      process,
      watch,
      at: now(),
      code,
      ...(compactRevision !== undefined && { compactRevision: Number(compactRevision) }),
    });
  const stream = client.watch(key.slice(prefix.length), { ...options, prefix: ranged, createdNotify: true });
  const created = stream.created.then(
    () => {},
    () => {},
  );
  const open = { last, created, delivered: 0 };
  context.watches.add(open);
  // Cancelling ends the iteration without an error.
  const cancel = (): void => void stream.cancel();
  for (const { signal } of [enough, { signal: stopping }]) signal.addEventListener('abort', cancel, { once: true });
  try {
    for await (const response of stream) {
      recorder.write({
        type: 'response',
        process,
        watch,
        at: now(),
        revision: Number(response.header.revision),
        kind: kindOf(response),
        events: response.events.map((event) => toSeen(event, prefix)),
      });
      open.delivered = Math.max(open.delivered, Number(response.events.at(-1)?.kv.modRevision ?? 0));
      if (rest > 0) await pause(rest, stopping);
    }
    ended('done');
  } catch (error) {
    if (!isEtcdError(error)) throw error;
    ended(error.code, error.compactRevision);
  } finally {
    context.watches.delete(open);
    clearTimeout(life);
    stopping.removeEventListener('abort', cancel);
  }
}

function kindOf({ created, progressNotify }: WatchResponse): 'created' | 'progress' | 'events' {
  if (created) return 'created';
  return progressNotify ? 'progress' : 'events';
}

function toSeen({ type, kv, prevKv, isCreate }: WatchEvent, prefix: string): SeenEvent {
  const whole = (one: typeof kv): SeenEvent['kv'] => {
    const plain = toKv(one);
    return { ...plain, key: prefix + plain.key };
  };
  return {
    type,
    kv: whole(kv),
    ...(prevKv !== undefined && { prevKv: whole(prevKv) }),
    ...(isCreate && { isCreate }),
  };
}
