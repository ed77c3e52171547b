import type { Bytes, CallOptions } from '@etcdts/core';
import { randomLeaseId } from '@etcdts/core/plugin';
import { contend } from './contender.ts';
import { contendersOf, keyOf } from './keys.ts';
import { HeldLock, type Lock } from './lock.ts';
import { checkSource, type SessionSource } from './session-source.ts';
import { beginWait } from './wait.ts';

/**
 * A lock by name that many readers hold at a time, or one writer (etcd's recipe rwmutex.go). Readers and writers queue in the order
 * of their create revisions: a reader waits for older writers, a writer for everybody older, so that neither starves.
 *
 * Each lock has a key of its own, even within a session: tasks of one process exclude each other through etcd. A reader cannot become
 * a writer: its `writeLock` would wait for itself.
 */
export interface RwMutex {
  /** Waits until no older writer is left. Options and errors are those of `Mutex.lock`. */
  readLock(options?: CallOptions): Promise<Lock>;
  /** Waits until no older reader or writer is left. Options and errors are those of `Mutex.lock`. */
  writeLock(options?: CallOptions): Promise<Lock>;
}

/**
 * Makes a read-write mutex. It sends nothing before it is used. Its keys are `name/read/…` and `name/write/…`, as in etcd's recipe,
 * so that it excludes Go programs and is excluded by them. Throws as `mutex` does.
 */
export function rwMutex(session: SessionSource, name: Bytes): RwMutex {
  checkSource(session);
  return new NamedRwMutex(session, contendersOf(name));
}

const NO_VALUE = Buffer.alloc(0);

class NamedRwMutex implements RwMutex {
  readonly #source: SessionSource;
  readonly #all: Buffer;
  readonly #readers: Buffer;
  readonly #writers: Buffer;

  constructor(source: SessionSource, all: Buffer) {
    this.#source = source;
    this.#all = all;
    this.#readers = Buffer.concat([all, Buffer.from('read/')]);
    this.#writers = Buffer.concat([all, Buffer.from('write/')]);
  }

  readLock(options?: CallOptions): Promise<Lock> {
    return this.#lock(this.#readers, this.#writers, 'the read lock', options);
  }

  writeLock(options?: CallOptions): Promise<Lock> {
    return this.#lock(this.#writers, this.#all, 'the write lock', options);
  }

  async #lock(own: Buffer, ahead: Buffer, what: string, options: CallOptions | undefined): Promise<Lock> {
    const wait = await beginWait(this.#source, options, what);
    try {
      // The random part is for a lease that several processes have adopted. The recipe has the time there, which can collide.
      const unique = Buffer.from(`-${randomLeaseId().toString(16)}`);
      const key = Buffer.concat([keyOf(own, wait.state.lease), unique]);
      return new HeldLock(await contend({ key, value: NO_VALUE, ahead, what }, wait));
    } finally {
      wait.end();
    }
  }
}
