/**
 * `@etcdts/cache` follows ranges of etcd: what is there, then all that happens, without a gap, also over compactions.
 *
 * Follow a prefix of a client or a namespace:
 *
 *     for await (const change of follow(client, 'config/', { prefix: true })) {
 *       if (change.type === 'events') apply(change.events);
 *     }
 *
 * @module
 */
export { follow, type Follow, type FollowOptions } from './follow.ts';
export type { Change } from './change.ts';
export { cache, cached } from './cache.ts';
export type { Cache, CachedClient, CacheOptions } from './contract.ts';
export type { CacheChange, ChangesOptions } from './changes.ts';
export { json, type Parse, type SchemaResult, type StandardSchema } from './parse.ts';
