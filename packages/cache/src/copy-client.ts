import type { Bytes, CallOptions, EtcdOperations, KeyValue } from '@etcdts/core';
import { callOptionsOf, checkOptions, siteOf, toBytes, toCount, toRange, wrapClient } from '@etcdts/core/plugin';
import type { CacheOptions } from './contract.ts';
import { Copy } from './copy.ts';
import { localServices } from './local-services.ts';
import { parserOf } from './parse.ts';

/** A copy, and a client that reads through it. */
export interface CopyClient<T> {
  readonly copy: Copy<T>;
  readonly operations: EtcdOperations & AsyncDisposable;
}

/** Opens a copy, and wraps a client with it. `transparent` is whether what the history does not have goes to etcd. */
export function copyClient<T>(
  client: EtcdOperations,
  prefix: Bytes,
  options: CacheOptions<T>,
  transparent: boolean,
): CopyClient<T> {
  let copy: Copy<T> | undefined;
  const operations = wrapClient(client, () => {
    const opened = (copy = openCopy(client, prefix, options));
    return { ...localServices(opened, transparent), dispose: () => opened.close() };
  });
  return { copy: copy as unknown as Copy<T>, operations };
}

/** Checks the options, and begins a copy. */
function openCopy<T>(client: EtcdOperations, prefix: Bytes, options: CacheOptions<T>): Copy<T> {
  checkOptions<CacheOptions<T>>(options, {
    ...{ parse: true, onParseError: 'function', history: true, pageSize: true },
    ...{ trustBookmarks: 'boolean', signal: 'object' },
  });
  const { parse, onParseError, history = 2_048, pageSize, trustBookmarks, signal } = options;
  callOptionsOf<CallOptions>(client, { signal }, {});
  const { logger } = siteOf(client);
  let failures = 0;
  const parseFailed = (error: unknown, kv: KeyValue): void => {
    failures += 1;
    try {
      if (onParseError !== undefined) return onParseError(error, kv);
    } catch {
      // A report that fails must not end the copy.
    }
    // Keys and values never go to the log, and the error of a parser may have them.
    logger.warn('a key of a copy cannot be parsed, and is left out', { failures });
  };
  return new Copy({
    ...{ client, parseFailed, trustBookmarks, signal },
    range: toRange(toBytes(prefix, 'prefix'), { prefix: true }),
    parse: parserOf(parse),
    history: toCount(history, 'history', 1),
    pageSize: pageSize === undefined ? undefined : toCount(pageSize, 'pageSize', 1),
  });
}
