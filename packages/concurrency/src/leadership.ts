import { compare, EtcdError, isEtcdError, op } from '@etcdts/core';
import type { Bytes, CallOptions, Compare, ResponseHeader } from '@etcdts/core';
import { callOptionsOf, checkedSignal, toBytes } from '@etcdts/core/plugin';
import { Line } from './line.ts';
import { untilAnswered } from './repeat.ts';
import type { SessionState } from './session-state.ts';
import type { Tenure } from './tenure.ts';

/** What is held, for the texts of errors. */
export const LEADERSHIP = 'the leadership';

/**
 * A leadership that was won. It proves nothing by itself: after a pause of the process, others may lead. Guard writes in etcd with
 * `isLeader()`, other systems with `revision`, and look at `signal` before each step.
 */
export interface Leadership extends AsyncDisposable {
  /** The key of the candidate: the name, a slash, and the lease of the session in hexadecimal. */
  readonly key: Buffer;
  /** The create revision of the key. It grows with every leader: a fencing token for systems that refuse older ones. */
  readonly revision: bigint;
  /** The header of the response by which the leadership was won. */
  readonly header: ResponseHeader;
  /**
   * Aborts when the leadership may be lost, and at `resign`. It reads the clock whenever it is read, as `Session.signal` does, which
   * it follows. `LOCK_LOST` means that the key was deleted by somebody else, or cannot be watched; `ELECTION_NOT_LEADER` that a
   * proclamation has found so; `CANCELLED` that it was given back.
   */
  readonly signal: AbortSignal;
  /** The condition, for `if` of a transaction, that this leadership still holds. It can be made after `resign` too, and then fails. */
  isLeader(): Compare;
  /**
   * Replaces the value that observers see, if this leadership still holds; otherwise rejects with `ELECTION_NOT_LEADER`. Several
   * are sent one after the other, in the order of the calls. A lost answer makes it send the request again, until `timeoutMs`
   * (by default the deadline of the client's calls) is over; each is applied at most once, and never after a later one.
   */
  proclaim(value: Bytes, options?: CallOptions): Promise<void>;
  /**
   * Gives the leadership back: deletes the key if its create revision is ours. Resolves with `false` if it was not ours any more.
   * `signal` aborts at once. A lost answer makes it send the request again, until `timeoutMs` (by default the deadline of the
   * client's calls) is over. If it rejects, the removal goes on in the background while the session lives, and `resign` may be
   * called again. After it has resolved, a second call resolves with the same.
   */
  resign(options?: CallOptions): Promise<boolean>;
}

const tenures = new WeakMap<SessionState, Set<Tenure>>();

/** Whether a session has a leadership under a key, as far as it is known here. */
export function leads(state: SessionState, key: Buffer): boolean {
  return [...(tenures.get(state) ?? [])].some((tenure) => tenure.key.equals(key) && !tenure.signal.aborted);
}

function remember(state: SessionState, tenure: Tenure): void {
  let all = tenures.get(state);
  if (all === undefined) tenures.set(state, (all = new Set()));
  all.add(tenure);
  tenure.onLost(() => all.delete(tenure));
}

/** `Leadership` over a tenure. */
export class HeldLeadership implements Leadership {
  readonly key: Buffer;
  readonly revision: bigint;
  readonly header: ResponseHeader;
  readonly #state: SessionState;
  readonly #tenure: Tenure;
  readonly #options: CallOptions;
  readonly #line = new Line(() => {});
  /** The mod revision of the key, as far as it is known. A request that comes late does not match it any more. */
  #modRevision: bigint;
  #resigning: Promise<boolean> | undefined;
  #hasResigned = false;

  constructor(state: SessionState, tenure: Tenure, options: CallOptions) {
    this.key = tenure.key;
    this.revision = tenure.revision;
    this.header = tenure.header;
    this.#state = state;
    this.#tenure = tenure;
    this.#options = options;
    this.#modRevision = tenure.revision;
    remember(state, tenure);
  }

  get signal(): AbortSignal {
    return this.#tenure.signal;
  }

  isLeader(): Compare {
    return compare.createRevision(this.key, '=', this.revision);
  }

  async proclaim(value: Bytes, options?: CallOptions): Promise<void> {
    const bytes = toBytes(value, 'value');
    const { client, site } = this.#state;
    const { signal, timeoutMs = site.requestTimeoutMs, ...call } = callOptionsOf<CallOptions>(client, options, {});
    signal?.throwIfAborted();
    const deadline = site.clock.now() + timeoutMs;
    const limit = checkedSignal({ from: signal === undefined ? [this.signal] : [signal, this.signal] });
    let sent = false;
    try {
      const leave = await this.#line.enter(limit.signal);
      try {
        sent = true;
        await this.#put(bytes, { ...this.#options, ...call, signal: limit.signal }, deadline);
      } finally {
        leave();
      }
    } catch (error) {
      const isOver = this.signal.aborted && error === this.signal.reason && signal?.aborted !== true;
      if (!isOver || isEtcdError(error, 'ELECTION_NOT_LEADER')) throw error;
      throw notLeader(sent ? 'unknown' : 'not-applied', error);
    } finally {
      limit.abort(undefined);
    }
  }

  resign(options?: CallOptions): Promise<boolean> {
    return (this.#resigning ??= this.#resign(options).catch((error: unknown) => {
      this.#resigning = undefined;
      throw error;
    }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.resign();
  }

  async #put(value: Buffer, options: CallOptions, deadline: number): Promise<void> {
    const { client, site, lease } = this.#state;
    for (let sure = false; !sure;) {
      const unchanged = compare.modRevision(this.key, '=', this.#modRevision);
      const request = {
        if: [this.isLeader(), unchanged],
        then: [op.put(this.key, value, { lease })],
        else: [op.get(this.key)],
      } as const;
      let uncertain = false;
      const { header, succeeded, responses } = await untilAnswered(site, options, deadline, (call, before) => {
        uncertain = before;
        return client.kv.txn(request, call);
      });
      const found = succeeded ? undefined : responses[0].kvs[0];
      if (!succeeded && found?.createRevision !== this.revision) {
        const error = notLeader('not-applied');
        this.#tenure.lose(error);
        throw error;
      }
      // After a lost answer, a failed comparison may come from this very put.
      sure = found === undefined || (uncertain && found.value.equals(value));
      this.#modRevision = found?.modRevision ?? header.revision;
    }
  }

  async #resign(options: CallOptions | undefined): Promise<boolean> {
    // An earlier resignation that failed may be what has deleted the key.
    const again = this.#hasResigned;
    this.#hasResigned = true;
    const wasOurs = await this.#tenure.release(options);
    return wasOurs || again;
  }
}

function notLeader(outcome: 'not-applied' | 'unknown', cause?: unknown): EtcdError {
  const message = 'this leadership is over: campaign again';
  return new EtcdError({ code: 'ELECTION_NOT_LEADER', message, outcome, cause });
}
