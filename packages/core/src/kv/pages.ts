import { onAbort } from '../abort.ts';
import type { CallOptions } from '../call.ts';
import { callSite, failedAt } from '../call-site.ts';
import { systemClock, type Clock } from '../clock.ts';
import { Iteration, secondReader } from '../inbox.ts';
import type { RangeRequest, RangeResponse } from '../messages.ts';
import { PageReader, type StreamSupport } from './page-reader.ts';
import type { KVService } from './service.ts';

const LEFT = Symbol('left');

/** A whole range at one revision, in pages of `pageSize` keys; see `KV.pages`. It sends nothing before it is read. */
export function pages(
  service: KVService,
  request: RangeRequest,
  pageSize: number,
  support: StreamSupport,
  options: CallOptions,
  clock: Clock = systemClock,
): AsyncIterable<RangeResponse> {
  const openedAt = callSite(pages);
  const ending = new AbortController();
  let taken = false;
  const reader = new PageReader({
    ...{ service, request, pageSize, support, clock },
    options: { ...options, signal: ending.signal },
  });
  return {
    [Symbol.asyncIterator](): AsyncIterableIterator<RangeResponse, undefined> {
      if (taken) throw secondReader('what pages() returns', 'call pages() once for each reader');
      taken = true;
      const reading = untilAborted(reader, ending, options.signal, openedAt);
      return new Iteration({
        next: () => reading.next(),
        // A generator that waits for a page would end only after that page, which may never come.
        return() {
          ending.abort(LEFT);
          return reading.return(undefined);
        },
      });
    },
  };
}

async function* untilAborted(
  reader: PageReader,
  ending: AbortController,
  signal: AbortSignal | undefined,
  openedAt: string | undefined,
): AsyncGenerator<RangeResponse, undefined> {
  signal?.throwIfAborted();
  const ignoreAbort = signal && onAbort(signal, () => ending.abort(signal.reason));
  try {
    yield* reader.read();
  } catch (error) {
    if (error !== LEFT) throw failedAt(error, openedAt);
  } finally {
    ignoreAbort?.();
  }
}
