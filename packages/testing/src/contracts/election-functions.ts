import type { CallOptions, Compare, EtcdOperations, KeyValue } from '@etcdts/core';
import type { LockSession } from './lock-functions.ts';

/** What the contract of elections uses of a session. */
export interface ElectionSession extends LockSession {
  /** Stops the renewals of the lease without revoking it. */
  orphan(): Promise<void>;
}

/** What the contract of elections uses of a leader that is read or observed. */
export interface SeenLeader {
  /** The key of the leader, with what it proclaims. */
  readonly kv: KeyValue;
  /** The revision at which the leadership began. */
  readonly revision: bigint;
}

/** What the contract of elections uses of a leadership. */
export interface HeldLead extends AsyncDisposable {
  /** The key of the leader. */
  readonly key: Buffer;
  /** The revision at which the key was made: a fencing token. */
  readonly revision: bigint;
  /** Aborts when another one may lead. */
  readonly signal: AbortSignal;
  /** The condition that the leadership is still held, for a transaction. */
  isLeader(): Compare;
  /** Replaces the value that observers see. */
  proclaim(value: string): Promise<void>;
  /** Gives the leadership up. Resolves with whether it was held until then. */
  resign(): Promise<boolean>;
}

/** What the contract of elections uses of the options of an observer. */
export interface ElectionObserveOptions {
  /** Whether the time without a leader is reported, as `undefined`. */
  readonly vacancies?: boolean;
  /** Ends the observation with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** What the contract of elections uses of an election. */
export interface ContestedElection {
  /** Waits for the leadership. */
  campaign(value: string, options?: CallOptions): Promise<HeldLead>;
  /** The leadership of an earlier process on the same lease; `undefined` if it is over. */
  resume(key: Buffer, revision: bigint): Promise<HeldLead | undefined>;
  /** The leader now; `undefined` if there is none. */
  leader(): Promise<SeenLeader | undefined>;
  /** The leaders, from the present one on. */
  observe(options?: ElectionObserveOptions): AsyncIterable<SeenLeader | undefined>;
}

/** The functions under the contract of elections: those of `@etcdts/concurrency`, which this package does not import. */
export interface ElectionFunctions<
  Session extends ElectionSession = ElectionSession,
  Election extends ContestedElection = ContestedElection,
> {
  /** Opens a session, on a lease of its own or on a given one. */
  openSession(client: EtcdOperations, options?: { readonly lease?: bigint }): Promise<Session>;
  /** An election under a name, for one session. */
  election(session: Session, name: string): Election;
  /** The leader now, without a session. */
  leader(client: EtcdOperations, name: string): Promise<SeenLeader | undefined>;
  /** The leaders, without a session. */
  observeElection(
    client: EtcdOperations,
    name: string,
    options?: ElectionObserveOptions,
  ): AsyncIterable<SeenLeader | undefined>;
  /** Leads, runs a body, and resigns. */
  lead<T>(
    election: Election,
    value: string,
    body: (signal: AbortSignal, leadership: HeldLead) => Promise<T>,
    options?: { readonly signal?: AbortSignal },
  ): Promise<T>;
}
