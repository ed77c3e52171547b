/**
 * `@etcdts/cache` keeps copies of ranges of etcd current, over lost connections and compactions.
 *
 * Make a copy of a prefix of a client or a namespace, typed by `parse`, and read it:
 *
 *     const config = cache(client, 'config/', { parse: json(schema) });
 *     await config.whenReady();
 *     config.peek('config/port');
 *     for await (const change of config.changes()) …
 *
 * Or make a client that reads through a copy: `const { kv } = cached(client, 'config/')`. Or follow a range without keeping it, with
 * `follow` or `listAndWatch`, or keep it in another etcd, with `mirror`. Close what was made, or close its client.
 *
 * @module
 *
 * @packageDocumentation
 */
export { follow, type Follow, type FollowOptions } from './follow.ts';
export type { Change } from './change.ts';
export { listAndWatch, type ListAndWatchOptions } from './list-and-watch.ts';
export { cache, cached } from './cache.ts';
export type { Cache, CachedClient, CacheOptions, CacheStats } from './contract.ts';
export type { CacheChange, ChangesOptions } from './changes.ts';
export { mirror, type MirrorOptions } from './mirror/mirror.ts';
export type { MirrorProgress } from './mirror/progress.ts';
export { json, type Parse, type SchemaResult, type StandardSchema } from './parse.ts';
