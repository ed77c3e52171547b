import { isEtcdError, op, type EtcdError, type EtcdOperations, type KeyValue, type WatchEvent } from '@etcdts/core';
import { backoffMs, onAbort, siteOf } from '@etcdts/core/plugin';
import { persistently } from '../base.ts';
import type { Change } from '../change.ts';
import { clusterReset } from '../errors.ts';
import { follow, type Follow } from '../follow.ts';
import { sleep } from '../sleep.ts';
import { batchesOf, type Write } from './batches.ts';
import type { Checkpoint, CheckpointState } from './checkpoint.ts';
import { checkpointTaken, clientClosed } from './errors.ts';
import { Reporting, type MirrorProgress } from './progress.ts';
import { Reconciling } from './reconciling.ts';
import type { Renaming } from './renaming.ts';
import { Displaced, Target } from './target.ts';

/** What a mirror does, with checked arguments. */
export interface MirrorOrder {
  readonly renaming: Renaming;
  readonly checkpoint: Buffer | undefined;
  readonly revision: bigint | undefined;
  readonly removeExtra: boolean | undefined;
  /** Whether the range of the target is the mirror's own. */
  readonly owned: boolean;
  readonly maxTxnOps: number;
  readonly pageSize: number;
  readonly onProgress: (progress: MirrorProgress) => void;
  readonly signal: AbortSignal | undefined;
}

/** How large a transaction becomes at most, unless one value is larger. etcd refuses requests of 1.5 MiB by default. */
const TRANSACTION_BYTES = 1_310_720;
/** How pauses grow while another mirror writes the same checkpoint. */
const PAUSES = { firstMs: 50, longestMs: 5_000, jitter: 0.5 };
let mirrors = 0;

/** One mirror: follows the source, and writes what it gives to the target. */
export class Mirroring {
  readonly #source: EtcdOperations;
  readonly #order: MirrorOrder;
  readonly #target: Target;
  readonly #reconciling: Reconciling;
  readonly #ending = new AbortController();
  readonly #stream = `@etcdts/cache mirror ${++mirrors}`;
  /** What the checkpoint states next. */
  #state: CheckpointState = { phase: 'base', revision: 0n, cluster: 0n, begun: 'base' };
  /** Whether the source was read before, so that deletions were missed. */
  #again = false;
  readonly #reporting: Reporting;
  /** How often in a row the checkpoint was another one. */
  #displacements = 0;

  constructor(source: EtcdOperations, target: EtcdOperations, order: MirrorOrder) {
    this.#source = source;
    this.#order = order;
    const { checkpoint, renaming, pageSize } = order;
    const { signal } = this.#ending;
    this.#reporting = new Reporting(order.onProgress);
    const waits = (reason: EtcdError | undefined): void => this.#reporting.send(reason);
    this.#target = new Target({ client: target, ...{ checkpoint, renaming, signal, waits } });
    this.#reconciling = new Reconciling({ client: target, ...{ renaming, pageSize, signal, checkpoint } });
  }

  /** Runs to its end, and throws why it ended. */
  async run(): Promise<never> {
    const { signal } = this.#order;
    const end = (reason: unknown): void => this.#ending.abort(reason);
    if (signal?.aborted === true) throw signal.reason;
    const ignoreAbort = signal && onAbort(signal, () => end(signal.reason));
    try {
      for (;;) await this.#once();
    } catch (error) {
      throw this.#ending.signal.aborted ? (this.#ending.signal.reason as unknown) : error;
    } finally {
      ignoreAbort?.();
      // What is still under way, such as a read of the target, ends with it.
      end(clientClosed());
    }
  }

  /** Follows the source from where the target is. It returns if the checkpoint has become another one. */
  async #once(): Promise<void> {
    const following = this.#follow(await this.#begin(await this.#target.read()));
    // Only the end of the client ends the iteration without an error.
    let displaced = false;
    try {
      for await (const change of following) await this.#apply(change);
    } catch (error) {
      displaced = error instanceof Displaced;
      if (!displaced) throw error;
      siteOf(this.#source).logger.warn(
        'the checkpoint of a mirror is not what it has written: it goes on from what is there',
      );
      this.#again = true;
    } finally {
      await following.cancel();
    }
    if (!displaced) throw clientClosed();
    const site = siteOf(this.#source);
    await sleep(backoffMs(++this.#displacements, PAUSES, site.random), site, this.#ending.signal);
  }

  /** Finds from where to follow the source, given the checkpoint. `undefined` begins with a base. */
  async #begin(found: Checkpoint | undefined): Promise<bigint | undefined> {
    const { clusterId } = await this.#sourceHeader();
    const { revision } = this.#order;
    if (found === undefined) {
      const begun = revision === undefined ? 'base' : 'revision';
      this.#move({
        phase: revision === undefined ? 'base' : 'changes',
        revision: revision ?? 0n,
        cluster: clusterId,
        begun,
      });
      return revision;
    }
    const same = found.cluster === clusterId;
    if (found.phase === 'changes' && same) {
      this.#move({ ...found });
      return found.revision;
    }
    if (found.begun === 'revision') throw clusterReset('the checkpoint is of another one, and the mirror has no base');
    // What was deleted since is not known: the last base was not finished, or it was of another store.
    this.#again = true;
    this.#move({ phase: 'base', revision: 0n, cluster: clusterId, begun: 'base' });
    return undefined;
  }

  async #sourceHeader(): Promise<{ readonly clusterId: bigint }> {
    const { key } = this.#order.renaming.source;
    const { signal } = this.#ending;
    const reading = { client: this.#source, signal };
    return (await persistently(reading, () => this.#source.kv.get(key, { countOnly: true, signal }))).header;
  }

  #follow(revision: bigint | undefined): Follow {
    const { renaming, pageSize } = this.#order;
    const { key, rangeEnd } = renaming.source;
    this.#reconciling.begin();
    return follow(this.#source, key, {
      ...{ rangeEnd, pageSize, revision, restart: this.#state.begun === 'base' },
      ...{ stream: this.#stream, signal: this.#ending.signal },
    });
  }

  async #apply(change: Change): Promise<void> {
    switch (change.type) {
      case 'page':
        this.#reporting.observe(change.header);
        this.#state = { ...this.#state, phase: 'base', revision: change.revision, cluster: change.header.clusterId };
        return await this.#reconcile(change.kvs);
      case 'synced':
        await this.#reconcile(undefined);
        return await this.#complete();
      case 'events':
        this.#reporting.observe(change.header);
        return await this.#revisions(change.events);
      case 'bookmark':
        this.#reporting.observe(change.header);
        // So that a quiet source can be compacted, and the mirror goes on after a stop.
        return await this.#transaction([], { ...this.#state, revision: change.revision });
      case 'restart':
        this.#restart(change.reason);
    }
  }

  /** Writes what differs between a part of the base and the target; `undefined` stands for what comes after its last key. */
  async #reconcile(kvs: readonly KeyValue[] | undefined): Promise<void> {
    const { removeExtra, owned } = this.#order;
    const removes = removeExtra ?? (owned && this.#again);
    const { writes, unchanged, extra } = await this.#reconciling.next(kvs, removes);
    this.#reporting.counts.unchanged += unchanged;
    this.#reporting.counts.extra += extra;
    await this.#write(writes, this.#state, this.#state);
  }

  async #complete(): Promise<void> {
    const { extra } = this.#reporting.counts;
    if (extra > 0)
      siteOf(this.#source).logger.warn(
        'a mirror leaves keys on its target that the source does not have; removeExtra would remove them',
        { extra },
      );
    this.#again = true;
    await this.#transaction([], { ...this.#state, phase: 'changes' });
  }

  /** Writes each revision as one transaction, if it fits. */
  async #revisions(events: readonly WatchEvent[]): Promise<void> {
    for (let at = 0; at < events.length;) {
      const revision = (events[at] as WatchEvent).kv.modRevision;
      const writes: Write[] = [];
      for (; at < events.length && (events[at] as WatchEvent).kv.modRevision === revision; at++)
        writes.push(this.#writeOf(events[at] as WatchEvent));
      await this.#write(writes, this.#state, { ...this.#state, revision });
    }
  }

  #writeOf({ type, kv }: WatchEvent): Write {
    const key = this.#order.renaming.rename(kv.key);
    if (this.#order.checkpoint?.equals(key) === true) throw checkpointTaken();
    return type === 'put' ? op.put(key, kv.value) : op.delete(key);
  }

  /** Writes in as few transactions as fit. Only the last one moves the checkpoint to the new state. */
  async #write(writes: readonly Write[], before: CheckpointState, after: CheckpointState): Promise<void> {
    const { maxTxnOps, checkpoint } = this.#order;
    const ops = checkpoint === undefined ? maxTxnOps : maxTxnOps - 1;
    let left = writes.length;
    for (const batch of batchesOf(writes, { ops, bytes: TRANSACTION_BYTES })) {
      left -= batch.length;
      await this.#transaction(batch, left === 0 ? after : before);
    }
  }

  async #transaction(writes: readonly Write[], state: CheckpointState): Promise<void> {
    if (writes.length > 0 || this.#order.checkpoint !== undefined) {
      await this.#target.write(writes, state);
      this.#displacements = 0;
      this.#reporting.counts.transactions += 1;
      this.#reporting.counts.written += writes.length;
    }
    this.#move(state);
  }

  #restart(reason: EtcdError): void {
    siteOf(this.#source).logger.warn(`a mirror reads its source whole again: ${reason.message}`);
    this.#again = true;
    this.#reporting.counts.restarts += 1;
    this.#reporting.counts.extra = 0;
    if (isEtcdError(reason, 'CLUSTER_RESET')) this.#reporting.forget();
    this.#reconciling.begin();
    this.#move({ ...this.#state, phase: 'base' });
  }

  #move(state: CheckpointState): void {
    this.#state = state;
    this.#reporting.move(state);
  }
}
