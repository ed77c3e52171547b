/**
 * `@etcdts/concurrency` has what processes need to agree through etcd: sessions, locks, elections, barriers, and transactions that
 * run again after a conflict. It shares its keys with clientv3's `concurrency` package and with `etcdctl lock` and `elect`.
 *
 * @module
 *
 * @packageDocumentation
 */
export { election, type Election } from './election.ts';
export { lead, type LeadOptions, type LeaderBody } from './lead.ts';
export type { Leadership } from './leadership.ts';
export { leader, type Leader } from './leader.ts';
export { observeElection, type ObserveOptions } from './observe.ts';
export { transact, type TransactionBody, type TransactOptions, type TransactResult } from './transact/transact.ts';
export type { Transaction, TransactionPutOptions } from './transact/transaction.ts';
export type { Isolation } from './transact/isolation.ts';
export { openSession, type SessionOptions } from './session.ts';
export type { Session } from './session-state.ts';
export { renewingSession, type RenewingSessionOptions } from './renewing-session.ts';
export type { RenewingSession, SessionSource } from './session-source.ts';
export { mutex, type Mutex, type MutexOptions } from './mutex.ts';
export type { Lock } from './lock.ts';
export type { LockedBody } from './run.ts';
export { rwMutex, type RwMutex } from './rw-mutex.ts';
export { barrier, type Barrier, type HoldOptions } from './barrier/barrier.ts';
export { doubleBarrier, type DoubleBarrier } from './barrier/double-barrier.ts';
