import type { CallOptions, Compare, EtcdOperations } from '@etcdts/core';

/** What the contract of locks uses of a session. */
export interface LockSession extends AsyncDisposable {
  /** The lease of the session. */
  readonly lease: bigint;
  /** The time to live of the lease, in seconds. */
  readonly ttl: number;
  /** Aborts when the lease may be gone. */
  readonly signal: AbortSignal;
  /** Revokes the lease, and with it gives up what the session holds. */
  close(): Promise<void>;
}

/** What the contract of locks uses of a lock. */
export interface HeldLock extends AsyncDisposable {
  /** The key of the holder. */
  readonly key: Buffer;
  /** The revision at which the key was made: the place in the queue, and a fencing token. */
  readonly revision: bigint;
  /** Aborts when another one may hold the lock. */
  readonly signal: AbortSignal;
  /** The condition that the lock is still held, for a transaction. */
  isOwner(): Compare;
  /** Gives the lock up. Resolves with whether it was held until then. */
  unlock(): Promise<boolean>;
}

/** What the contract of locks uses of a mutex. */
export interface LockMutex {
  /** Waits for the lock. */
  lock(options?: CallOptions): Promise<HeldLock>;
  /** Takes the lock if it is free; else resolves with `undefined`. */
  tryLock(): Promise<HeldLock | undefined>;
  /** Runs a body under the lock. */
  run<T>(body: (signal: AbortSignal, lock: HeldLock) => Promise<T>): Promise<T>;
}

/** What the contract of locks uses of a read-write mutex. */
export interface LockRwMutex {
  /** Waits for a lock that several readers share. */
  readLock(options?: CallOptions): Promise<HeldLock>;
  /** Waits for the lock that one writer has. */
  writeLock(options?: CallOptions): Promise<HeldLock>;
}

/** The functions under the contract of locks: those of `@etcdts/concurrency`, which this package does not import. */
export interface LockFunctions<Session extends LockSession = LockSession> {
  /** Opens a session on a lease that it keeps alive. */
  openSession(client: EtcdOperations, options?: { readonly ttl?: number }): Promise<Session>;
  /** A mutex under a name. */
  mutex(session: Session, name: string, options?: { readonly reentrant?: boolean }): LockMutex;
  /** A read-write mutex under a name. */
  rwMutex(session: Session, name: string): LockRwMutex;
}
