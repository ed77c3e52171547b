import type { WatchCreateRequest } from '../messages.ts';
import { methods } from '../methods.ts';
import { encodeFrame } from '../wire/frame.ts';
import type { Subscription } from './subscription.ts';

/** Fields other than the range and the filters encode to less than this. */
const OTHER_FIELDS_BYTES = 64;
/** The largest values of the fields that change from one stream to the next. */
const LARGEST = { startRevision: 2n ** 63n - 1n, watchId: 2 ** 31 - 1, fragment: true, progressNotify: true };

/** The request that creates a watch at its present position. */
export function createRequest(subscription: Subscription): WatchCreateRequest {
  const { request, nextRevision, fragmented, watchId } = subscription;
  // Bookmarks are always requested, because an idle watch with one survives a lost connection after a compaction.
  return { ...request, startRevision: nextRevision, fragment: fragmented, progressNotify: true, watchId };
}

/**
 * Throws `REQUEST_TOO_LARGE` if the creation of the watch can exceed `maxSendBytes` on any stream. On a shared stream such a
 * request ends the stream, with all other watches on it.
 */
export function checkSize(request: WatchCreateRequest, maxSendBytes: number): void {
  const { key, rangeEnd, filters } = request;
  const size = key.length + (rangeEnd?.length ?? 0) + (filters?.length ?? 0);
  // The request is encoded only if it may be too large.
  if (size + OTHER_FIELDS_BYTES <= maxSendBytes) return;
  encodeFrame(methods.watch, { type: 'create', request: { ...request, ...LARGEST } }, maxSendBytes);
}
