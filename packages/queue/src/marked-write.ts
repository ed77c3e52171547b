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

const FENCE = 'fence';
/** How often a mark may be found to be gone before the first try. */
const MOST_MARKS = 3;

/**
 * A write of the first of some steps whose conditions hold, which is applied at most once and whose outcome is found out.
 *
 * Its transaction compares the revision of the mark, and writes the mark. If the answer is lost, a second transaction with the
 * same compare writes a fence into the mark: if it is applied, the first was not and never will be; if not, the mark shows which
 * step was applied. Both may arrive any number of times, in any order.
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
   * Writes. Resolves with the step that was applied, with `undefined` if the conditions of none held. If it rejects with the
   * outcome `'unknown'`, or by an abort, it may run again and then begins by finding out what the earlier tries did.
   * `LEASE_NOT_FOUND`: the lease of the marks is gone.
   */
  async run(effort: Effort): Promise<Applied | undefined> {
    const { clock, random } = this.#site;
    for (let tries = 1, lostMarks = 0; ;) {
      const timeoutMs = tryMs(tries, effort.deadline - clock.now());
      const call = { ...effort.options, signal: effort.signal, timeoutMs };
      try {
        const end = this.#open ? await this.#settle(call) : await this.#send(call);
        if (typeof end === 'object') return end.applied;
        if (end === 'mark lost' && ++lostMarks > MOST_MARKS) throw markGone('not-applied');
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

  /** Sends the steps. Only a mark that is as it was lets them through, so that they are applied once. */
  async #send(call: CallOptions): Promise<Outcome> {
    const slot = (this.#slot ??= await this.#marks.take(call));
    this.#open = true;
    const { key, revision } = slot;
    try {
      const response = await this.#marks.client.kv.txn(
        { if: [compare.modRevision(key, '=', revision)], then: [this.#nested(0)], else: [op.get(key)] },
        call,
      );
      if (!response.succeeded) return this.#shown(response.responses[0].kvs[0], 'mark lost');
      this.#open = false;
      const step = stepOf(response.responses[0], this.#steps.length);
      if (step === undefined) return this.#end(undefined);
      return this.#end({ step, revision: response.header.revision });
    } catch (error) {
      // The reason of an abort may be any error, and proves nothing.
      const isOpen = call.signal?.aborted === true || !isEtcdError(error) || error.outcome === 'unknown';
      if (isOpen) throw error;
      this.#open = false;
      if (error.code === 'LEASE_NOT_FOUND') {
        this.#slot = undefined;
        if (slot.lease.replaced()) return 'mark lost';
      }
      throw error;
    }
  }

  /** Finds out whether the steps were applied, and sees to it that they are not applied later. */
  async #settle(call: CallOptions): Promise<Outcome> {
    const { key, revision, lease } = this.#slot as Slot;
    const response = await this.#marks.client.kv.txn(
      {
        if: [compare.modRevision(key, '=', revision)],
        then: [op.put(key, FENCE, { lease: lease.id })],
        else: [op.get(key)],
      },
      call,
    );
    if (!response.succeeded) return this.#shown(response.responses[0].kvs[0], undefined);
    this.#open = false;
    (this.#slot as Slot).revision = response.header.revision;
    return 'not applied';
  }

  /** What a mark shows that has another revision than before the write. */
  #shown(mark: KeyValue | undefined, missing: 'mark lost' | undefined): Outcome {
    if (mark === undefined) {
      // It went with its lease. What it said is lost, unless nothing was sent before.
      if (missing === undefined) throw markGone('unknown');
      this.#slot?.lease.replaced();
      this.#slot = undefined;
      this.#open = false;
      return missing;
    }
    this.#open = false;
    (this.#slot as Slot).revision = mark.modRevision;
    if (mark.text() === FENCE) return 'not applied';
    return this.#end({ step: Number(mark.text()), revision: mark.modRevision });
  }

  #end(applied: Applied | undefined): Outcome {
    const slot = this.#slot as Slot;
    if (applied !== undefined) slot.revision = applied.revision;
    this.#marks.give(slot);
    this.#slot = undefined;
    return { applied };
  }

  #nested(step: number): Op {
    const { key, lease } = this.#slot as Slot;
    const { if: conditions, then } = this.#steps[step] as Step;
    return op.txn({
      if: conditions,
      then: [...then, op.put(key, String(step), { lease: lease.id })],
      else: step + 1 < this.#steps.length ? [this.#nested(step + 1)] : [],
    });
  }
}

type Outcome = { readonly applied: Applied | undefined } | 'not applied' | 'mark lost';

function stepOf(response: unknown, steps: number): number | undefined {
  let nested = response as TxnResponse;
  for (let step = 0; step < steps; step++) {
    if (nested.succeeded) return step;
    nested = nested.responses[0] as unknown as TxnResponse;
  }
  return undefined;
}
