import { randomBytes } from 'node:crypto';
import { compare, op, type EtcdError, type EtcdOperations } from '@etcdts/core';
import { backoffMs, siteOf } from '@etcdts/core/plugin';
import { persistently } from '../base.ts';
import { isPassing } from '../errors.ts';
import { sleep } from '../sleep.ts';
import type { Write } from './batches.ts';
import { checkpointValue, readCheckpoint, type Checkpoint, type CheckpointState } from './checkpoint.ts';
import { unsettled } from './errors.ts';
import type { Renaming } from './renaming.ts';

/**
 * Thrown where the checkpoint is not what this mirror has read or written last: it was deleted, the target was restored from a backup,
 * a write of an earlier run came late, or another mirror has the same checkpoint. The mirror goes on from what is there.
 */
export class Displaced extends Error {}

/** How pauses grow while the target does not answer. */
const PAUSES = { firstMs: 100, longestMs: 5_000, jitter: 0.5 };

/** What a target is made of. */
export interface TargetParts {
  readonly client: EtcdOperations;
  readonly checkpoint: Buffer | undefined;
  readonly renaming: Renaming;
  readonly signal: AbortSignal;
  /** Called with the failure of a write that is repeated, and with `undefined` when it was answered. */
  readonly waits: (reason: EtcdError | undefined) => void;
}

/**
 * The writing side of a mirror. Each transaction requires that the checkpoint is what the one before has written. So a write whose reply
 * was lost can be sent again: it is applied once, and one that was delayed on its way comes too late, in place of out of order.
 */
export class Target {
  readonly #parts: TargetParts;
  readonly #writer: string = randomBytes(8).toString('hex');
  /** The revision with which the checkpoint was last written; 0n if there is none. */
  #guard = 0n;
  #writes = 0;

  constructor(parts: TargetParts) {
    this.#parts = parts;
  }

  /** Reads the checkpoint. `undefined` if there is none. */
  async read(): Promise<Checkpoint | undefined> {
    const { checkpoint, client, renaming, signal } = this.#parts;
    if (checkpoint === undefined) return undefined;
    const { kvs } = await persistently(this.#parts, () => client.kv.get(checkpoint, { signal }));
    const found = kvs[0];
    this.#guard = found?.modRevision ?? 0n;
    return found && readCheckpoint(found.value, renaming, found.modRevision);
  }

  /** Writes one transaction, and the checkpoint with it. Repeats it until it is answered. */
  async write(writes: readonly Write[], state: CheckpointState): Promise<void> {
    const { checkpoint, renaming, client, waits, signal } = this.#parts;
    const site = siteOf(client);
    const value = checkpointValue(state, renaming, this.#writer, ++this.#writes);
    for (let failures = 1; ; failures++) {
      try {
        if (checkpoint === undefined) await client.kv.txn({ then: writes }, { signal });
        else await this.#guarded(checkpoint, value, writes);
        if (failures > 1) waits(undefined);
        return;
      } catch (error) {
        signal.throwIfAborted();
        if (!isPassing(error)) throw error;
        if (checkpoint === undefined && error.outcome === 'unknown') throw unsettled(error);
        waits(error);
        await sleep(backoffMs(failures, PAUSES, site.random), site, signal);
      }
    }
  }

  async #guarded(checkpoint: Buffer, value: Buffer, writes: readonly Write[]): Promise<void> {
    const { client, signal } = this.#parts;
    const answer = await client.kv.txn(
      {
        if: [compare.modRevision(checkpoint, '=', this.#guard)],
        then: [...writes, op.put(checkpoint, value)],
        else: [op.get(checkpoint)],
      },
      { signal },
    );
    if (answer.succeeded) this.#guard = answer.header.revision;
    else this.#settle(value, answer.responses[0].kvs[0]);
  }

  /** The checkpoint is another one: an earlier attempt has written it, or somebody else has. */
  #settle(value: Buffer, found: { readonly value: Buffer; readonly modRevision: bigint } | undefined): void {
    if (found?.value.equals(value) !== true) throw new Displaced();
    this.#guard = found.modRevision;
  }
}
