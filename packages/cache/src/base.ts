import { isEtcdError, type CallOptions, type EtcdOperations, type ResponseHeader } from '@etcdts/core';
import { backoffMs, plainMessage, siteOf, type KeyRange } from '@etcdts/core/plugin';
import type { Change } from './change.ts';
import { clusterReset, isPassing } from './errors.ts';
import { sleep } from './sleep.ts';

/** What is read, and for whom. `signal` ends the reading. */
export interface RangeReading {
  readonly client: EtcdOperations;
  readonly range: KeyRange;
  readonly call: CallOptions;
  readonly signal: AbortSignal;
}

/** How pauses grow while etcd does not answer. */
const PAUSES = { firstMs: 100, longestMs: 5_000, jitter: 0.5 };

/** Repeats a read until it is answered, as a watch waits until etcd is back. Verdicts are thrown. */
export async function persistently<T>(
  { client, signal }: Pick<RangeReading, 'client' | 'signal'>,
  read: () => Promise<T>,
): Promise<T> {
  const site = siteOf(client);
  for (let failures = 1; ; failures++) {
    try {
      return await read();
    } catch (error) {
      if (!isPassing(error)) throw error;
      await sleep(backoffMs(failures, PAUSES, site.random), site, signal);
    }
  }
}

/**
 * Reads the range at one revision, in pages, and returns the header of the first one. A page that fails is read again from the key
 * after the last one, at the same revision, so that nothing is given twice. Its reader holds it up.
 */
export async function* readBase(
  reading: RangeReading,
  pageSize: number,
): AsyncGenerator<Extract<Change, { type: 'page' }>, ResponseHeader> {
  const { client, range, call, signal } = reading;
  const { rangeEnd } = range;
  let key = range.key;
  let first: ResponseHeader | undefined;
  const open = (): AsyncIterator<Awaited<ReturnType<EtcdOperations['kv']['get']>>> =>
    client.kv.pages(key, { ...call, rangeEnd, pageSize, revision: first?.revision, signal })[Symbol.asyncIterator]();
  for (let pages = open(); ;) {
    const { value, done } = await persistently(reading, async () => {
      try {
        return await pages.next();
      } catch (error) {
        pages = open();
        throw ofAnotherStore(error, first);
      }
    });
    if (done === true) return first as ResponseHeader;
    const page = value;
    first ??= page.header;
    yield plainMessage({ type: 'page', kvs: page.kvs, revision: first.revision, header: first });
    const last = page.kvs.at(-1);
    if (last === undefined || !page.more) return first;
    // It is longer by one byte than a key that the range has, so that it is the next possible one.
    key = Buffer.concat([last.key, Buffer.of(0)]);
  }
}

/** A store that was read at a revision and has not reached it is another one. */
function ofAnotherStore(error: unknown, first: ResponseHeader | undefined): unknown {
  if (first === undefined || !isEtcdError(error, 'FUTURE_REV')) return error;
  return clusterReset(`revision ${first.revision} was read, and is still to come`);
}
