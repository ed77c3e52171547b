import type { CallOptions, Compare, EtcdOperations, KeyValue } from '@etcdts/core';
import type { LockSession } from './lock-functions.ts';

/** What the contract of elections uses of a session. */
export interface ElectionSession extends LockSession {
  orphan(): Promise<void>;
}

/** What the contract of elections uses of a leader that is read or observed. */
export interface SeenLeader {
  readonly kv: KeyValue;
  readonly revision: bigint;
}

/** What the contract of elections uses of a leadership. */
export interface HeldLead extends AsyncDisposable {
  readonly key: Buffer;
  readonly revision: bigint;
  readonly signal: AbortSignal;
  isLeader(): Compare;
  proclaim(value: string): Promise<void>;
  resign(): Promise<boolean>;
}

/** What the contract of elections uses of the options of an observer. */
export interface ElectionObserveOptions {
  readonly vacancies?: boolean;
  readonly signal?: AbortSignal;
}

/** What the contract of elections uses of an election. */
export interface ContestedElection {
  campaign(value: string, options?: CallOptions): Promise<HeldLead>;
  resume(key: Buffer, revision: bigint): Promise<HeldLead | undefined>;
  leader(): Promise<SeenLeader | undefined>;
  observe(options?: ElectionObserveOptions): AsyncIterable<SeenLeader | undefined>;
}

/** The functions under the contract of elections: those of `@etcdts/concurrency`, which this package does not import. */
export interface ElectionFunctions<
  Session extends ElectionSession = ElectionSession,
  Election extends ContestedElection = ContestedElection,
> {
  openSession(client: EtcdOperations, options?: { readonly lease?: bigint }): Promise<Session>;
  election(session: Session, name: string): Election;
  leader(client: EtcdOperations, name: string): Promise<SeenLeader | undefined>;
  observeElection(
    client: EtcdOperations,
    name: string,
    options?: ElectionObserveOptions,
  ): AsyncIterable<SeenLeader | undefined>;
  lead<T>(
    election: Election,
    value: string,
    body: (signal: AbortSignal, leadership: HeldLead) => Promise<T>,
    options?: { readonly signal?: AbortSignal },
  ): Promise<T>;
}
