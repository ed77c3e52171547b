// Node warns of a leak if one signal has more than ten listeners, but one signal for a hundred calls is no leak.
const waiting = new WeakMap<AbortSignal, Set<() => void>>();

/**
 * Calls back once when the signal aborts. A signal has one listener however many callbacks wait, and none if none waits.
 * Returns a function that stops the wait. The signal must not be aborted yet.
 */
export function onAbort(signal: AbortSignal, act: () => void): () => void {
  let acts = waiting.get(signal);
  if (acts === undefined) {
    acts = new Set();
    waiting.set(signal, acts);
  }
  if (acts.size === 0) signal.addEventListener('abort', abortAll, { once: true });
  // A wrapper lets one function wait twice.
  const own = (): void => act();
  acts.add(own);
  return () => {
    if (acts.delete(own) && acts.size === 0) signal.removeEventListener('abort', abortAll);
  };
}

function abortAll(this: AbortSignal): void {
  const acts = waiting.get(this);
  waiting.delete(this);
  for (const act of acts ?? []) act();
}
