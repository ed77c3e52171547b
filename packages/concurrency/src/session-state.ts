import type { CallOptions, EtcdOperations } from '@etcdts/core';
import { invalidArgument, type ClientSite } from '@etcdts/core/plugin';
import type { LateKeys } from './late-keys.ts';
import { Line } from './line.ts';
import type { Removals } from './removals.ts';

/**
 * A lease that is kept alive, and all that hangs on it: locks, candidacies, barriers (concurrency/session.go). Contenders put their
 * keys under the lease, so that the keys of a process that dies are gone after its time to live.
 */
export interface Session extends AsyncDisposable {
  /** The client that the session was opened with. */
  readonly client: EtcdOperations;
  /** The id of the lease. */
  readonly lease: bigint;
  /** The time to live that etcd granted, in seconds. */
  readonly ttl: number;
  /**
   * Aborts when the lease may be gone, and when the session ends. It reads the clock whenever it is read, as `KeepAlive.signal` of
   * core does: after a pause of the process it is aborted before any guarded code runs. The reason is `LEASE_LOST`, `LEASE_NOT_FOUND`
   * or `CLIENT_CLOSED` if the lease was lost, and `SESSION_ENDED` after `orphan`, `close`, or an abort of the option `signal`.
   */
  readonly signal: AbortSignal;
  /**
   * Ends the session here and leaves the lease to its time to live, for a process that adopts it. `signal` aborts at once, since
   * nobody renews the lease. Resolves when keys of contenders that gave up are removed. May be called again.
   */
  orphan(): Promise<void>;
  /**
   * Ends the session and revokes its lease, which deletes all keys under it. `timeoutMs` defaults to the time to live: after that
   * the lease is gone anyway. Rejects if etcd did not answer; the lease then expires by itself. A lease that is gone already is no
   * error. A second call returns the same promise.
   */
  close(options?: CallOptions): Promise<void>;
}

/** What contenders use of a session. */
export interface SessionState {
  readonly client: EtcdOperations;
  readonly site: ClientSite;
  readonly lease: bigint;
  readonly ttl: number;
  readonly signal: AbortSignal;
  readonly removals: Removals;
  readonly late: LateKeys;
  /** The lines of this process before keys of the session, by key. */
  readonly lines: Map<string, Line>;
}

const states = new WeakMap<object, SessionState>();

/** Keeps the state of a session. */
export function setState(session: Session, state: SessionState): void {
  states.set(session, state);
}

/** The state of a session. Refuses anything else, with what it seems to be. */
export function stateOf(session: Session): SessionState {
  const state = typeof session === 'object' && session !== null ? states.get(session) : undefined;
  if (state !== undefined) return state;
  throw noSession(session);
}

/** The error for what is no session. */
export function noSession(given: unknown): Error {
  const has = (name: string): boolean => typeof given === 'object' && given !== null && name in given;
  let hint = 'pass what openSession or renewingSession returned, not a copy of it';
  if (given instanceof Promise) hint = 'await it first';
  else if (has('kv')) hint = 'it is a client: pass what openSession(client) resolves with';
  else if (has('isOwner') || has('isLeader')) hint = 'it is held under a session: pass that';
  return invalidArgument('session', `is no session: ${hint}`);
}

/** The line of this process before a key. It is dropped when nobody is in it. */
export function lineOf({ lines }: SessionState, key: Buffer): Line {
  const name = key.toString('latin1');
  let line = lines.get(name);
  if (line === undefined) lines.set(name, (line = new Line(() => lines.delete(name))));
  return line;
}
