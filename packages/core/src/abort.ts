// Node warns of a leak when more than ten listeners stand on one signal, and a signal for a hundred calls is no leak.
const waiting = new WeakMap<AbortSignal, Set<() => void>>();

/**
 * Calls back once when the signal aborts, however many others wait for it: there is one listener on a signal, and none
 * when nobody waits. Returns how to stop waiting. The signal must not be aborted yet.
 */
export function onAbort(signal: AbortSignal, act: () => void): () => void {
  let acts = waiting.get(signal);
  if (acts === undefined) {
    acts = new Set();
    waiting.set(signal, acts);
  }
  if (acts.size === 0) signal.addEventListener('abort', abortAll, { once: true });
  // A wrapper, so that one function may wait twice.
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
