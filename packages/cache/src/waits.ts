import type { CallOptions } from '@etcdts/core';
import { onAbort, type Clock } from '@etcdts/core/plugin';
import { waitedTooLong } from './errors.ts';

interface Waiter {
  readonly holds: () => boolean;
  readonly bookmarks: boolean;
  settle(failure?: { readonly reason: unknown }): void;
}

/** Those who wait until a copy is somewhere. */
export class Waits {
  readonly #clock: Clock;
  readonly #waiters: Set<Waiter> = new Set();
  #failure: { readonly reason: unknown } | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether somebody waits for a revision, to which only a bookmark may lead. */
  get forBookmarks(): boolean {
    for (const { bookmarks } of this.#waiters) if (bookmarks) return true;
    return false;
  }

  /** Resolves when the condition holds. Rejects with the signal's reason, `DEADLINE_EXCEEDED`, or what has ended the copy. */
  until(holds: () => boolean, { signal, timeoutMs = Infinity }: CallOptions, bookmarks = false): Promise<void> {
    if (signal?.aborted === true) return Promise.reject(signal.reason as Error);
    if (holds()) return Promise.resolve();
    if (this.#failure !== undefined) return Promise.reject(this.#failure.reason as Error);
    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
        ...{ holds, bookmarks },
        settle: (failure) => {
          this.#waiters.delete(waiter);
          ignore?.();
          timer?.cancel();
          if (failure === undefined) resolve();
          else reject(failure.reason as Error);
        },
      };
      const ignore = signal && onAbort(signal, () => waiter.settle({ reason: signal.reason }));
      const late = (): void => waiter.settle({ reason: waitedTooLong(timeoutMs) });
      const timer = timeoutMs === Infinity ? undefined : this.#clock.after(timeoutMs, late, true);
      this.#waiters.add(waiter);
    });
  }

  /** Looks at all conditions. */
  look(): void {
    for (const waiter of this.#waiters) if (waiter.holds()) waiter.settle();
  }

  /** Rejects all waits, also those to come. */
  fail(reason: unknown): void {
    this.#failure = { reason };
    for (const waiter of this.#waiters) waiter.settle(this.#failure);
  }
}

/** Waits for what others wait for too. An abort ends the wait only. */
export function abandoned<V>(work: Promise<V>, signal: AbortSignal | undefined): Promise<V> {
  if (signal === undefined) return work;
  return new Promise((resolve, reject) => {
    const ignore = onAbort(signal, () => reject(signal.reason as Error));
    work.then(resolve, reject).finally(ignore);
  });
}
