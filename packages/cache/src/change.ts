import type { EtcdError, KeyValue, ResponseHeader, WatchEvent } from '@etcdts/core';

/**
 * One step of a followed range: a part of its base, the end of the base, whole revisions of what happened then, a bookmark, or the
 * notice that the base is read anew. Who puts the pages in a map at `synced`, and applies the events, has the range at `revision`.
 */
export type Change =
  | {
      /** Keys of the base, in their order. A base without keys is one empty page. */
      readonly type: 'page';
      /** The keys of this page. */
      readonly kvs: readonly KeyValue[];
      /** The revision of the whole base. */
      readonly revision: bigint;
      /** Who answered, and the revision of the store then. */
      readonly header: ResponseHeader;
    }
  | {
      /** The base is complete. */
      readonly type: 'synced';
      /** The revision of the whole base. */
      readonly revision: bigint;
    }
  | {
      /** Whole revisions, in order. */
      readonly type: 'events';
      /** The events; all of a revision are in one step. */
      readonly events: readonly WatchEvent[];
      /** The revision of the last event. */
      readonly revision: bigint;
      /** Who answered, and the revision of the store then. */
      readonly header: ResponseHeader;
    }
  | {
      /** Everything up to the revision was given. */
      readonly type: 'bookmark';
      /** The revision up to which nothing is missing. */
      readonly revision: bigint;
      /** Who answered, and the revision of the store then. */
      readonly header: ResponseHeader;
    }
  | {
      /**
       * What was given is out of date, and the pages of a new base follow: `COMPACTED` if etcd has no history from there on,
       * `CLUSTER_RESET` if it is another store, whose revisions may be lower.
       */
      readonly type: 'restart';
      /** Why: its `code` is `COMPACTED` or `CLUSTER_RESET`. */
      readonly reason: EtcdError;
    };
