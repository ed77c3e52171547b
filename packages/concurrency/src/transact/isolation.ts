/**
 * What a transaction is protected from (concurrency/stm.go `Isolation`).
 *
 * `serializable-snapshot`: all reads are of one revision, and nobody has changed what was read, or written what is written, since.
 * `serializable`: the same, except that a key which is only written may have been written since. `repeatable-reads`: each key is
 * read once, and nobody has changed it at the commit; two keys may be read at different revisions. `read-committed`: each key is
 * read once, and the commit checks nothing, so that writes of others are lost.
 */
export type Isolation = 'serializable-snapshot' | 'serializable' | 'repeatable-reads' | 'read-committed';

/** What the kinds of isolation differ in. */
export interface IsolationRules {
  /** Whether all reads of an attempt are of one revision. */
  readonly oneRevision: boolean;
  /** Whether the commit compares what was read. */
  readonly checksReads: boolean;
  /** Whether the commit compares what is written, too. */
  readonly checksWrites: boolean;
}

/** The rules of each kind. */
export const ISOLATIONS: Readonly<Record<Isolation, IsolationRules>> = {
  'serializable-snapshot': { oneRevision: true, checksReads: true, checksWrites: true },
  serializable: { oneRevision: true, checksReads: true, checksWrites: false },
  'repeatable-reads': { oneRevision: false, checksReads: true, checksWrites: false },
  'read-committed': { oneRevision: false, checksReads: false, checksWrites: false },
};
