import {
  compare,
  isEtcdError,
  op,
  type CallOptions,
  type Compare,
  type EtcdError,
  type KeyValue,
  type Op,
} from '@etcdts/core';
import type { TxnResponse } from '@etcdts/core';
import { siteOf, withFields, type ClientSite } from '@etcdts/core/plugin';
import { isPassing, markGone } from './errors.ts';
import type { Marks, Slot } from './marks.ts';
import { pauseMs, tryMs } from './repeat.ts';
import { sleep } from './waiting.ts';

/** Conditions, and what is written if they hold. */
export interface Step {
  readonly if: readonly Compare[];
  readonly then: readonly Op[];
}

/** Which step was applied, and at which revision. */
export interface Applied {
  readonly step: number;
  readonly revision: bigint;
}

/** How long a write is tried, and with what. */
export interface Effort {
  readonly options: CallOptions;
  /** Ends the write, also the call that is under way. What that call does is then open. */
  readonly signal?: AbortSignal | undefined;
  /** After it no further try is made, in milliseconds of the client's clock. */
  readonly deadline: number;
  /** After it has aborted, no further try is made. The one that is under way goes on. */
  readonly until?: AbortSignal | undefined;
  /** Whether a try that was not applied is repeated. If not, only the outcome of one that may have been is found out. */
  readonly repeat: boolean;
}

/** What a mark says if the conditions of no step held. */
const NONE = 'none';
/** How often a mark may be found to be gone before the first try. */
const MOST_MARKS = 3;

/**
 * A write of the first of some steps whose conditions hold, which is applied at most once and whose outcome is found out.
 *
 * Its transaction compares the revision of the mark, and writes the mark. So it can be sent again if an answer is lost: it is
 * applied once, whatever arrives, how late and how often, and if it was applied before, the mark shows which step.
 */
export class MarkedWrite {
  readonly #marks: Marks;
  readonly #site: ClientSite;
  readonly #steps: readonly Step[];
  #slot: Slot | undefined;
  /** Whether a try may have been applied, or may be yet. */
  #open = false;

  constructor(marks: Marks, steps: readonly Step[]) {
    this.#marks = marks;
    this.#site = siteOf(marks.client);
    this.#steps = steps;
  }

  /**
   * Writes. Resolves with the step that was applied, or with `undefined` if the conditions of none held. If it rejects with the
   * outcome `'unknown'`, or by an abort, it may run again, and is still applied once at most. `LEASE_NOT_FOUND`: the lease of the
   * marks is gone.
   */
  async run(effort: Effort): Promise<Applied | undefined> {
    const { clock, random } = this.#site;
    for (let tries = 1, lostMarks = 0; ;) {
      const timeoutMs = tryMs(tries, effort.deadline - clock.now());
      try {
        const end = await this.#send({ ...effort.options, signal: effort.signal, timeoutMs });
        if (end !== 'mark lost') return end.applied;
        if (++lostMarks > MOST_MARKS) throw markGone('not-applied');
      } catch (error) {
        if (!isEtcdError(error)) throw error;
        const ms = pauseMs(tries++, random);
        const last = clock.now() + ms >= effort.deadline || effort.until?.aborted === true;
        // A grant of the marks' lease does no harm if it is repeated.
        const repeats = this.#open || effort.repeat || (this.#slot === undefined && error.outcome === 'unknown');
        if (last || !repeats || !isPassing(error)) throw this.#failure(error);
        await sleep(ms, this.#site, effort.signal);
      }
    }
  }

  #failure(error: EtcdError): EtcdError {
    return withFields(error, { outcome: this.#open ? 'unknown' : 'not-applied' });
  }

  async #send(call: CallOptions): Promise<Outcome> {
    const slot = (this.#slot ??= await this.#marks.take(call));
    const before = this.#open;
    const { key, revision } = slot;
    const input = {
      if: [compare.modRevision(key, '=', revision)],
      then: [this.#nested(slot, 0)],
      else: [op.get(key)],
    } as const;
    this.#open = true;
    try {
      const response = await this.#marks.client.kv.txn(input, call);
      if (!response.succeeded) return this.#shown(slot, response.responses[0].kvs[0], before);
      const step = stepOf(response.responses[0], this.#steps.length);
      const isWritten = step !== undefined || before;
      return this.#end(slot, step, isWritten ? response.header.revision : revision);
    } catch (error) {
      // The reason of an abort may be any error, and proves nothing.
      if (call.signal?.aborted === true || !isEtcdError(error) || error.outcome === 'unknown') throw error;
      this.#open = before;
      if (before || error.code !== 'LEASE_NOT_FOUND' || !slot.lease.replaced()) throw error;
      this.#slot = undefined;
      return 'mark lost';
    }
  }

  /** What the mark shows. It has another revision than before the write. */
  #shown(slot: Slot, mark: KeyValue | undefined, before: boolean): Outcome {
    if (mark !== undefined) {
      const text = mark.text();
      return this.#end(slot, text === NONE ? undefined : Number(text), mark.modRevision);
    }
    // It went with its lease. What it said is lost, unless this was the first try.
    if (before) throw markGone('unknown');
    slot.lease.replaced();
    this.#slot = undefined;
    this.#open = false;
    return 'mark lost';
  }

  /** `revision` is that of the mark. */
  #end(slot: Slot, step: number | undefined, revision: bigint): Outcome {
    slot.revision = revision;
    this.#open = false;
    this.#slot = undefined;
    this.#marks.give(slot);
    return { applied: step === undefined ? undefined : { step, revision } };
  }

  #nested(slot: Slot, step: number): Op {
    const { key, lease } = slot;
    const { if: conditions, then } = this.#steps[step] as Step;
    const mark = (text: string): Op => op.put(key, text, { lease: lease.id });
    const isLast = step + 1 === this.#steps.length;
    // Conditions may hold again when an earlier try arrives late: then the mark is in its way.
    const none = this.#open ? [mark(NONE)] : [];
    return op.txn({
      if: conditions,
      then: [...then, mark(String(step))],
      else: isLast ? none : [this.#nested(slot, step + 1)],
    });
  }
}

type Outcome = { readonly applied: Applied | undefined } | 'mark lost';

function stepOf(response: unknown, steps: number): number | undefined {
  let nested = response as TxnResponse;
  for (let step = 0; step < steps; step++) {
    if (nested.succeeded) return step;
    nested = nested.responses[0] as unknown as TxnResponse;
  }
  return undefined;
}
