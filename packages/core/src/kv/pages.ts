import type { CallOptions } from '../call.ts';
import { isEtcdError } from '../errors.ts';
import type { KeyValue, RangeRequest, RangeResponse } from '../messages.ts';
import type { KVService } from './service.ts';

/** What paging remembers of a server: whether it has RangeStream. Asked once in a client's life. */
export interface StreamSupport {
  lacking: boolean;
}

/**
 * A whole range at one revision, in pages of `pageSize` keys: through RangeStream (etcd 3.7) where the server has it, as
 * ranges from key to key where it has not. Every page tells the revision, and the count of the whole.
 */
export async function* pages(
  service: KVService,
  request: RangeRequest,
  pageSize: number,
  support: StreamSupport,
  options: CallOptions,
): AsyncGenerator<RangeResponse> {
  // Pins the revision and learns the count; cheap, as etcd counts in its index.
  const { header, count } = await service.range({ ...request, countOnly: true }, options);
  const pinned = { ...request, revision: request.revision || header.revision };
  const page = (kvs: readonly KeyValue[], more: boolean): RangeResponse => ({ header, kvs, more, count });
  if (!support.lacking) {
    const streamed = repage(service.rangeStream(pinned, options), pageSize, page);
    let first: IteratorResult<RangeResponse>;
    try {
      first = await streamed.next();
    } catch (error) {
      if (!isEtcdError(error, 'UNIMPLEMENTED')) throw error;
      support.lacking = true;
      return yield* walk(service, pinned, pageSize, page, options);
    }
    if (first.done !== true) yield first.value;
    yield* streamed;
    return;
  }
  yield* walk(service, pinned, pageSize, page, options);
}

type Page = (kvs: readonly KeyValue[], more: boolean) => RangeResponse;

async function* repage(parts: AsyncIterable<RangeResponse>, size: number, page: Page): AsyncGenerator<RangeResponse> {
  let held: KeyValue[] = [];
  for await (const part of parts) {
    held.push(...part.kvs);
    // One is held back, so that the last page is known to be the last.
    while (held.length > size) {
      yield page(held.slice(0, size), true);
      held = held.slice(size);
    }
  }
  yield page(held, false);
}

async function* walk(
  service: KVService,
  request: RangeRequest,
  size: number,
  page: Page,
  options: CallOptions,
): AsyncGenerator<RangeResponse> {
  for (let key = request.key; ;) {
    const { kvs, more } = await service.range({ ...request, key, limit: size }, options);
    yield page(kvs, more);
    const last = kvs.at(-1);
    if (!more || last === undefined) return;
    key = Buffer.concat([last.key, Buffer.of(0)]);
  }
}
