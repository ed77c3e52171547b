import { isEtcdError, type CallOptions, type EtcdOperations } from '@etcdts/core';
import { callOptionsOf, checkedSignal, onAbort, toCount, type CheckedSignal } from '@etcdts/core/plugin';
import { sessionEnded } from './errors.ts';
import { abortable } from './repeat.ts';
import { openSession, type SessionOptions } from './session.ts';
import { markRenewing, type RenewingSession } from './session-source.ts';
import type { Session } from './session-state.ts';
import { beginLimit } from './wait.ts';

/** Options of `renewingSession`, and of each session that it opens. A lease cannot be adopted again. */
export interface RenewingSessionOptions extends Omit<SessionOptions, 'lease'> {
  /**
   * Called once for each session that is lost, with the reason of its signal. A session that its owner ends is not lost. An error
   * that it throws harms nothing, and is reported as a warning of the process (`ETCDTS_ON_LOST_FAILED`).
   */
  onLost?: ((reason: unknown, session: Session) => unknown) | undefined;
}

/**
 * Makes a session that is opened again after a loss. It opens the first one when it is needed. `options.timeoutMs` is the time of
 * each opening; `options.signal` ends it, as `close` does without a revoke. Throws if an option is wrong.
 */
export function renewingSession(client: EtcdOperations, options: RenewingSessionOptions = {}): RenewingSession {
  callOptionsOf<RenewingSessionOptions>(client, options, { ttl: true, onLost: 'function' });
  if (options.ttl !== undefined) toCount(options.ttl, 'ttl', 1);
  return new Renewing(client, options);
}

class Renewing implements RenewingSession {
  readonly client: EtcdOperations;
  readonly #options: SessionOptions;
  readonly #onLost: RenewingSessionOptions['onLost'];
  readonly #ended: CheckedSignal;
  #session: Session | undefined;
  #opening: Promise<Session> | undefined;
  #closing: Promise<void> | undefined;

  constructor(client: EtcdOperations, { onLost, ...options }: RenewingSessionOptions) {
    this.client = client;
    this.#onLost = onLost;
    const ending = options.signal;
    const followed = (): void => {
      if (ending?.aborted === true) ended.abort(sessionEnded('its signal was aborted', ending.reason));
    };
    const ended = checkedSignal({ check: followed });
    this.#ended = ended;
    if (ending?.aborted === false) onAbort(ending, followed);
    this.#options = { ...options, signal: ended.signal };
    markRenewing(this);
  }

  async current(options?: CallOptions): Promise<Session> {
    const limit = beginLimit(this.client, options, [this.#ended.signal], 'a session');
    try {
      if (this.#session?.signal.aborted === false) return this.#session;
      this.#opening ??= this.#open().finally(() => (this.#opening = undefined));
      return await abortable(this.#opening, limit.signal);
    } finally {
      limit.end();
    }
  }

  close(options?: CallOptions): Promise<void> {
    try {
      callOptionsOf<CallOptions>(this.client, options, {});
      return (this.#closing ??= this.#close(options));
    } catch (error) {
      return Promise.reject(error as Error);
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(options: CallOptions | undefined): Promise<void> {
    this.#ended.abort(sessionEnded('it was closed'));
    await this.#opening?.catch(() => {});
    await this.#session?.close(options);
  }

  async #open(): Promise<Session> {
    const session = await openSession(this.client, this.#options);
    this.#session = session;
    const { signal } = session;
    const ended = (): void => {
      if (!isEtcdError(signal.reason, 'SESSION_ENDED')) reportLoss(this.#onLost, signal.reason, session);
    };
    if (signal.aborted) ended();
    else onAbort(signal, ended);
    return session;
  }
}

/** Calls the function of the user. */
function reportLoss(onLost: RenewingSessionOptions['onLost'], reason: unknown, session: Session): void {
  const failed = (error: unknown): void => {
    const text = error instanceof Error ? error.message : typeof error;
    const message = `etcdts: onLost of a renewing session failed: ${text}`;
    process.emitWarning(message, { type: 'EtcdtsWarning', code: 'ETCDTS_ON_LOST_FAILED' });
  };
  try {
    const result = onLost?.(reason, session);
    if (result instanceof Promise) result.catch(failed);
  } catch (error) {
    failed(error);
  }
}
