/** An abort signal that looks at the clock, and the way to abort it. */
export interface LeaseSignal {
  readonly signal: AbortSignal;
  abort(reason: unknown): void;
}

/**
 * Makes an abort signal that calls `check` whenever someone asks it how things stand, so that it can be aborted first.
 *
 * A timer alone would be too late: after a blocked event loop, or a stopped process, code that waits for something
 * else may run before any timer does.
 */
export function leaseSignal(check: () => void): LeaseSignal {
  const controller = new AbortController();
  const { signal } = controller;
  const checked = (name: 'aborted' | 'reason'): PropertyDescriptor => ({
    configurable: true,
    get: () => {
      check();
      return Reflect.get(AbortSignal.prototype, name, signal);
    },
  });
  const throwIfAborted = (): void => {
    if (signal.aborted) throw signal.reason;
  };
  Object.defineProperties(signal, {
    aborted: checked('aborted'),
    reason: checked('reason'),
    // Node's own looks at its inner state, past `aborted`.
    throwIfAborted: { configurable: true, value: throwIfAborted },
  });
  return { signal, abort: (reason) => controller.abort(reason) };
}
