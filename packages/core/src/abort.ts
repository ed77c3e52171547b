/** Something that waits for an abort, without a function made for it. It waits once for each signal. */
export interface AbortWaiter {
  onAbort(reason: unknown): void;
}

// Node warns of a leak if one signal has more than ten listeners, but one signal for a hundred calls is no leak.
const waiting = new WeakMap<AbortSignal, Set<AbortWaiter>>();

/**
 * Calls `onAbort` of the waiter once when the signal aborts. A signal has one listener however many wait, and none if none waits.
 * The signal must not be aborted yet.
 */
export function awaitAbort(signal: AbortSignal, waiter: AbortWaiter): void {
  let waiters = waiting.get(signal);
  if (waiters === undefined) {
    waiters = new Set();
    waiting.set(signal, waiters);
  }
  if (waiters.size === 0) signal.addEventListener('abort', abortAll, { once: true });
  waiters.add(waiter);
}

/** Ends a wait of `awaitAbort`. */
export function ignoreAbort(signal: AbortSignal, waiter: AbortWaiter): void {
  const waiters = waiting.get(signal);
  if (waiters?.delete(waiter) && waiters.size === 0) signal.removeEventListener('abort', abortAll);
}

/** As `awaitAbort`, for a function. Returns a function that ends the wait. */
export function onAbort(signal: AbortSignal, act: () => void): () => void {
  // A wrapper lets one function wait twice.
  const waiter: AbortWaiter = { onAbort: () => act() };
  awaitAbort(signal, waiter);
  return () => ignoreAbort(signal, waiter);
}

function abortAll(this: AbortSignal): void {
  for (const waiter of waiting.get(this) ?? []) waiter.onAbort(this.reason);
  waiting.delete(this);
}
