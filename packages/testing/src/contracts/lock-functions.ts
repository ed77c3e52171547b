import type { CallOptions, Compare, EtcdOperations } from '@etcdts/core';

/** What the contract of locks uses of a session. */
export interface LockSession extends AsyncDisposable {
  readonly lease: bigint;
  readonly ttl: number;
  readonly signal: AbortSignal;
  close(): Promise<void>;
}

/** What the contract of locks uses of a lock. */
export interface HeldLock extends AsyncDisposable {
  readonly key: Buffer;
  readonly revision: bigint;
  readonly signal: AbortSignal;
  isOwner(): Compare;
  unlock(): Promise<boolean>;
}

/** What the contract of locks uses of a mutex. */
export interface LockMutex {
  lock(options?: CallOptions): Promise<HeldLock>;
  tryLock(): Promise<HeldLock | undefined>;
  run<T>(body: (signal: AbortSignal, lock: HeldLock) => Promise<T>): Promise<T>;
}

/** What the contract of locks uses of a read-write mutex. */
export interface LockRwMutex {
  readLock(options?: CallOptions): Promise<HeldLock>;
  writeLock(options?: CallOptions): Promise<HeldLock>;
}

/** The functions under the contract of locks: those of `@etcdts/concurrency`, which this package does not import. */
export interface LockFunctions<Session extends LockSession = LockSession> {
  openSession(client: EtcdOperations, options?: { readonly ttl?: number }): Promise<Session>;
  mutex(session: Session, name: string, options?: { readonly reentrant?: boolean }): LockMutex;
  rwMutex(session: Session, name: string): LockRwMutex;
}
