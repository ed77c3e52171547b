/**
 * `@etcdts/queue` has queues in etcd: first in, first out, and by priority. It shares its keys with clientv3's recipes.
 *
 * @module
 */
export {};
