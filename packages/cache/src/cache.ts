import type { Bytes, EtcdOperations, KeyValue } from '@etcdts/core';
import type { Cache, CachedClient, CacheOptions } from './contract.ts';
import { copyClient } from './copy-client.ts';
import { EtcdCache } from './etcd-cache.ts';

/** Makes a copy of all keys with a prefix; an empty one means every key. It begins at once. */
export function cache<T = KeyValue>(client: EtcdOperations, prefix: Bytes, options: CacheOptions<T> = {}): Cache<T> {
  const { copy, operations } = copyClient(client, prefix, options, false);
  return new EtcdCache(copy, operations);
}

/**
 * Makes a client whose reads and watches within a prefix come from a copy, as those of `cache`, and everything else from etcd. Nothing
 * of it can be told from the client but by its speed: a read that the copy cannot answer, and a watch that its history cannot serve,
 * goes to etcd. A serializable read has all that this client has written.
 */
export function cached<T = KeyValue>(
  client: EtcdOperations,
  prefix: Bytes,
  options: CacheOptions<T> = {},
): CachedClient<T> {
  const { copy, operations } = copyClient(client, prefix, options, true);
  const close = async (): Promise<void> => await operations[Symbol.asyncDispose]();
  return Object.assign(operations, { cache: new EtcdCache(copy, operations), close });
}
