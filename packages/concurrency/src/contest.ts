/**
 * What a contender puts, and whom it waits for. A lock and an election have one key for a session, a read-write lock a new one
 * each time.
 *
 *     const wait = await beginWait(session, options, 'the lock');
 *     try {
 *       const tenure = await contend({ key, value, ahead, what: 'the lock' }, wait);
 *     } finally {
 *       wait.end();
 *     }
 *
 * The way to a tenure: `contend` puts the key (contender.ts), waits for the older ones (turn.ts), and gives what it holds
 * (tenure.ts), whose signal is checked. If it fails at any point, the key is removed in the background (removals.ts).
 */
export interface Contest {
  /** The contender's own key. */
  readonly key: Buffer;
  readonly value: Buffer;
  /** What older keys that come first begin with. The own key may be one of them. */
  readonly ahead: Buffer;
  /** What is contended for, for the texts of errors: `the lock`. */
  readonly what: string;
  /** Whether an own key that is there already gets the new value. */
  readonly replaces?: boolean | undefined;
  /** Whether the session holds the own key already: then it stays if this contender gives up. */
  readonly isHeld?: (() => boolean) | undefined;
}
