import type { CallOptions, ResponseHeader } from '@etcdts/core';
import { callOptionsOf, checkedSignal, onAbort, type CheckedSignal } from '@etcdts/core/plugin';
import { givenBack, lockLost } from './errors.ts';
import { watchOwnKey } from './own-key.ts';
import type { SessionState } from './session-state.ts';

/** The own key of a tenure. */
export interface Held {
  readonly key: Buffer;
  /** The create revision of the key. It grows with every holder: the fencing token. */
  readonly revision: bigint;
  /** The header of the response that has told the revision. */
  readonly header: ResponseHeader;
  /** What is held, for the texts of errors. */
  readonly what: string;
}

/**
 * The life of an own key, from its entry over the turn to its removal. The key is watched all the time.
 *
 * `signal` is checked. It aborts with the session's signal, with `LOCK_LOST` when the key is deleted by somebody else or may be, and
 * at the end of the tenure.
 */
export class Tenure {
  readonly key: Buffer;
  readonly revision: bigint;
  /** The header of the response by which the turn had come. */
  header: ResponseHeader;
  readonly #state: SessionState;
  readonly #what: string;
  readonly #options: CallOptions;
  readonly #held: CheckedSignal;
  readonly #stopWatch: () => void;

  constructor(state: SessionState, { key, revision, header, what }: Held, options: CallOptions) {
    this.key = key;
    this.revision = revision;
    this.header = header;
    this.#state = state;
    this.#what = what;
    this.#options = options;
    this.#held = checkedSignal({ from: [state.signal] });
    const lost = (why: string, cause?: unknown): void => this.lose(lockLost(what, why, cause));
    this.#stopWatch = watchOwnKey(state, { key, revision, from: header.revision + 1n }, options, lost);
    const owner = state.late.enter(key);
    owner.revision = revision;
    this.onLost(() => {
      this.#stopWatch();
      owner.leave();
    });
  }

  get signal(): AbortSignal {
    return this.#held.signal;
  }

  /** Calls back when the signal aborts, at once if it has. */
  onLost(act: (reason: unknown) => void): void {
    const { signal } = this;
    if (signal.aborted) act(signal.reason);
    else onAbort(signal, () => act(signal.reason));
  }

  /** Aborts the signal: the key is gone, or may be. */
  lose(reason: unknown): void {
    this.#held.abort(reason);
  }

  /** Ends the tenure with a reason and removes the key in the background. */
  giveUp(reason: unknown): void {
    this.lose(reason);
    this.#state.removals.later(this, this.#options);
  }

  /**
   * Ends the tenure and deletes the key. Resolves with whether it was ours until then. The request is sent again while its
   * outcome is unknown, until `timeoutMs`, by default the deadline of the client's calls. If that fails, the error is thrown and the
   * removal goes on in the background. Throws if the options are wrong, and then does nothing.
   */
  release(options?: CallOptions): Promise<boolean> {
    const { site, removals } = this.#state;
    const { timeoutMs = site.requestTimeoutMs, ...call } = this.checkOptions(options);
    this.lose(givenBack(this.#what));
    return removals.now(this, { ...this.#options, ...call }, site.clock.now() + timeoutMs);
  }

  /** Refuses what are no options of `release`. */
  checkOptions(options: CallOptions | undefined): CallOptions {
    return callOptionsOf<CallOptions>(this.#state.client, options, {});
  }
}
