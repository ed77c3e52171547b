import type { CallOptions, EtcdOperations } from '@etcdts/core';
import { stateOf, type Session } from './session-state.ts';

/**
 * A session that is opened again after a loss. Locks and elections take it in place of a session: each `lock` or `campaign` uses the
 * session that is open then, or opens one. What is held under a lost session stays lost.
 */
export interface RenewingSession extends AsyncDisposable {
  /** The client that the sessions are opened with. */
  readonly client: EtcdOperations;
  /**
   * The open session. Opens one if there is none yet, or if the last one was lost or ended; all callers share that opening. Rejects
   * with its error, with the reason of `signal`, after `timeoutMs` (by default it waits as long as the opening takes), and with
   * `SESSION_ENDED` after `close`. A call after a failure tries again.
   */
  current(options?: CallOptions): Promise<Session>;
  /** Closes the open session, and opens no more. Rejects as `Session.close` does. A second call returns the same promise. */
  close(options?: CallOptions): Promise<void>;
}

/** What locks and elections take. */
export type SessionSource = Session | RenewingSession;

const renewing = new WeakSet<object>();

/** Marks a renewing session as one of this package. */
export function markRenewing(source: RenewingSession): void {
  renewing.add(source);
}

/** Whether a source is a renewing session. */
export function isRenewing(source: SessionSource): source is RenewingSession {
  return typeof source === 'object' && source !== null && renewing.has(source);
}

/** Refuses what is neither a session nor a renewing one. */
export function checkSource(source: SessionSource): void {
  if (!isRenewing(source)) stateOf(source);
}
