import type { KV } from './kv/kv.ts';
import type { KVService } from './kv/service.ts';
import type { Lease } from './lease/lease.ts';
import type { LeaseService } from './lease/service.ts';
import type { WatchService } from './watch/service.ts';
import type { Watcher } from './watch/watch.ts';

/** The operations of a client and of every wrapped client: KV, watches and leases. */
export interface EtcdOperations {
  /** Reads, writes, deletions, transactions and compactions. */
  readonly kv: KV;
  /** Watches, and requests for bookmarks. */
  readonly watcher: Watcher;
  /** Leases: granted, renewed, kept alive, revoked. */
  readonly lease: Lease;
  /** The same as `watcher.watch`. */
  watch: Watcher['watch'];
}

/** The services below the facades of an `EtcdOperations`. Wrappers wrap them. */
export interface Services {
  readonly kv: KVService;
  readonly watch: WatchService;
  readonly lease: LeaseService;
}
