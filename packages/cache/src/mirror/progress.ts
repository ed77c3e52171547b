import type { EtcdError } from '@etcdts/core';
import { plainMessage } from '@etcdts/core/plugin';
import type { CheckpointState } from './checkpoint.ts';

/** How far a mirror is. The numbers count from its start. */
export interface MirrorProgress {
  /** Whether the source is being read whole, or its changes are followed. */
  readonly phase: 'base' | 'changes';
  /** The target has everything of the source up to this revision; 0n before it was read whole. */
  readonly revision: bigint;
  /** How many revisions the source is known to be ahead. Some of them may be of other keys. */
  readonly lag: bigint;
  /** How many puts and deletions were written to the target. */
  readonly written: number;
  /** How many keys of the base were on the target already, with the same value. */
  readonly unchanged: number;
  /** How many transactions were written to the target, those of the checkpoint included. */
  readonly transactions: number;
  /** How often the source was read whole again. */
  readonly restarts: number;
  /** How many keys of the target the last base did not have, and were left there. */
  readonly extra: number;
  /** Why the last write has to be repeated; `undefined` if it was answered. */
  readonly waiting: EtcdError | undefined;
}

/** Counts what a mirror does, and reports it. */
export class Reporting {
  readonly #report: (progress: MirrorProgress) => void;
  #state: Pick<CheckpointState, 'phase' | 'revision'> = { phase: 'base', revision: 0n };
  /** The newest revision that the source is known to have. */
  #observed = 0n;
  readonly counts: { written: number; unchanged: number; transactions: number; restarts: number; extra: number } = {
    ...{ written: 0, unchanged: 0, transactions: 0, restarts: 0, extra: 0 },
  };

  constructor(report: (progress: MirrorProgress) => void) {
    this.#report = report;
  }

  /** Notes the revision of the source. */
  observe({ revision }: { readonly revision: bigint }): void {
    if (revision > this.#observed) this.#observed = revision;
  }

  /** The source is another store. */
  forget(): void {
    this.#observed = 0n;
  }

  /** The target is in another state. */
  move(state: Pick<CheckpointState, 'phase' | 'revision'>): void {
    this.#state = state;
    this.send();
  }

  /** Reports. `waiting` is why a write has to be repeated. */
  send(waiting?: EtcdError): void {
    const { phase, revision } = this.#state;
    const lag = this.#observed > revision ? this.#observed - revision : 0n;
    const whole = phase === 'base' ? 0n : revision;
    try {
      this.#report(plainMessage({ phase, revision: whole, lag, ...this.counts, waiting }));
    } catch {
      // A report that fails must not end the mirror.
    }
  }
}
