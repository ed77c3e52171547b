import type { CallOptions, EtcdOperations } from '@etcdts/core';
import { callOptionsOf, checkedSignal, siteOf, type Timer } from '@etcdts/core/plugin';
import { waitedTooLong } from './errors.ts';
import { stateOf, type SessionState } from './session-state.ts';
import { isRenewing, type SessionSource } from './session-source.ts';

/** The time that a caller gives an operation: until its signal aborts, or `timeoutMs` is over. Each is the reason of `signal`. */
export interface Limit {
  readonly signal: AbortSignal;
  /** When the time is over, in milliseconds of the client's clock; `Infinity` for never. */
  readonly deadline: number;
  /** The caller's further options, for every call and watch of the operation: without `signal` and `timeoutMs`. */
  readonly options: CallOptions;
  /** Ends the operation with a reason. */
  abort(reason: unknown): void;
  /** Frees the timer and the listeners. */
  end(): void;
}

/**
 * Begins an operation that may take as long as `timeoutMs`, by default `defaultMs`, since `begun`. `from` are further signals that end
 * it; `what` is what a late one did not acquire. Throws if the options are wrong or a signal has aborted.
 */
export function beginLimit(
  client: EtcdOperations,
  given: CallOptions | undefined,
  from: readonly AbortSignal[],
  what: string,
  defaultMs: number = Infinity,
  begun: number = siteOf(client).clock.now(),
): Limit {
  const { signal: ending, timeoutMs = defaultMs, ...options } = callOptionsOf<CallOptions>(client, given, {});
  const { clock } = siteOf(client);
  const deadline = begun + timeoutMs;
  let over = false;
  let timer: Timer | undefined;
  const expire = (): void => {
    if (!over) abort(waitedTooLong(what, timeoutMs));
  };
  const check = (): void => {
    if (clock.now() >= deadline) expire();
  };
  const { signal, abort } = checkedSignal({ check, from: ending === undefined ? from : [ending, ...from] });
  signal.throwIfAborted();
  // A timer may be early by a part of a millisecond.
  if (timeoutMs < Infinity) timer = clock.after(Math.max(deadline - clock.now(), 0), expire, true);
  const end = (): void => {
    over = true;
    timer?.cancel();
    // It is not used any more, and its sources must not keep it.
    abort(undefined);
  };
  return { signal, deadline, options, abort, end };
}

/** The time in which a contender waits. It also ends with its session, and with the loss of its key. */
export interface Wait extends Limit {
  /** The session under which the contender waits. */
  readonly state: SessionState;
}

/** Begins to wait under a session, by default `defaultMs` long. A renewing session opens one first, if it has none. */
export async function beginWait(
  source: SessionSource,
  given: CallOptions | undefined,
  what: string,
  defaultMs: number = Infinity,
): Promise<Wait> {
  if (!isRenewing(source)) {
    const state = stateOf(source);
    return { ...beginLimit(state.client, given, [state.signal], what, defaultMs), state };
  }
  const { clock } = siteOf(source.client);
  const { signal, timeoutMs = defaultMs } = callOptionsOf<CallOptions>(source.client, given, {});
  const begun = clock.now();
  const state = stateOf(await source.current({ signal, timeoutMs }));
  return { ...beginLimit(state.client, given, [state.signal], what, defaultMs, begun), state };
}
