import type { Op } from '@etcdts/core';
import type { KVService, TxnRequest, WatchCreateRequest, WatchService, WatchServiceOptions } from '@etcdts/core/plugin';
import type { Copy } from './copy.ts';
import { LocalRanges } from './local-range.ts';
import { LocalWatch } from './local-watch.ts';
import { isWithin, placesOf, type Places } from './ordered.ts';

/** The services that a copy wraps. `transparent` is whether what its history does not have goes to etcd, or fails. */
export function localServices<T>(
  copy: Copy<T>,
  transparent: boolean,
): { kv(next: KVService): KVService; watch(next: WatchService): WatchService } {
  return {
    kv: (next) => localKV(copy, next, transparent),
    watch: (next) => localWatches(copy, next, transparent),
  };
}

function localKV<T>(copy: Copy<T>, next: KVService, transparent: boolean): KVService {
  const ranges = new LocalRanges(copy, (request, options) => next.range(request, options), transparent);
  return {
    range: (request, options) => ranges.range(request, options),
    rangeStream: (request, options) => next.rangeStream(request, options),
    async put(request, options) {
      const answer = await next.put(request, options);
      if (meets(placesOf(request), copy.places)) ranges.wrote(answer.header.revision);
      return answer;
    },
    async deleteRange(request, options) {
      const answer = await next.deleteRange(request, options);
      if (answer.deleted > 0 && meets(placesOf(request), copy.places)) ranges.wrote(answer.header.revision);
      return answer;
    },
    async txn(request, options) {
      const answer = await next.txn(request, options);
      if (writes(request, answer.succeeded, copy.places)) ranges.wrote(answer.header.revision);
      return answer;
    },
    async compact(request, options) {
      const answer = await next.compact(request, options);
      copy.store.history.forgetBefore(request.revision);
      return answer;
    },
  };
}

/** Whether a transaction may have written to a range. */
function writes({ success, failure }: TxnRequest, succeeded: boolean, places: Places): boolean {
  return (succeeded ? success : failure).some((one: Op) => {
    if (one.type === 'txn') return writes(one.request, true, places) || writes(one.request, false, places);
    return one.type !== 'get' && meets(placesOf(one.request), places);
  });
}

function meets(a: Places, b: Places): boolean {
  return (a.to === undefined || b.from < a.to) && (b.to === undefined || a.from < b.to);
}

/** Options of a watch that a copy honours. */
const HONOURED: ReadonlySet<string> = new Set<keyof WatchServiceOptions>([
  ...(['signal', 'timeoutMs', 'createdNotify', 'maxBufferedBytes', 'requireLeader'] as const),
]);

function isHonoured(options: WatchServiceOptions): boolean {
  if (options.requireLeader === false) return false;
  return Object.entries(options).every(([name, value]) => value === undefined || HONOURED.has(name));
}

function localWatches<T>(copy: Copy<T>, next: WatchService, transparent: boolean): WatchService {
  function serves(request: WatchCreateRequest, options: WatchServiceOptions): boolean {
    if (!copy.ready || copy.failure !== undefined || !isHonoured(options)) return false;
    if (!isWithin(placesOf(request), copy.places)) return false;
    const { startRevision = 0n } = request;
    return !transparent || startRevision <= 0n || startRevision > copy.store.history.exactFrom;
  }
  return {
    watch: (request, options) =>
      serves(request, options) ? new LocalWatch(copy, request, options, !transparent) : next.watch(request, options),
    async requestProgress(options) {
      await next.requestProgress(options);
      const { stream, ...rest } = options;
      const watches = [...copy.listeners].filter((one) => one instanceof LocalWatch);
      if (watches.length === 0 || stream !== undefined || !isHonoured(rest)) return;
      const { revision } = await copy.storeRevision();
      for (const watch of watches) watch.requestBookmark(revision);
      copy.reach(revision, {}).catch(() => {});
    },
  };
}
