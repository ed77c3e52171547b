import { compare, keyMissing, op, type Bytes, type CallOptions, type EtcdOperations } from '@etcdts/core';
import { backoffMs, bindMethods, invalidArgument, siteOf } from '@etcdts/core/plugin';
import { checkEnqueue, type Enqueued, type EnqueueOptions } from './enqueuing.ts';
import { partsOf, Source, type ItemSource, type QueueParts } from './item-source.ts';
import { priorityLayout } from './layout.ts';
import { Line } from './line.ts';
import { MarkedWrite } from './marked-write.ts';
import { sleep } from './waiting.ts';

/**
 * A queue in etcd by priority, for any number of writers and readers (recipes/priority_queue.go). Lower numbers are taken first,
 * items of one priority in the order in which they were added.
 */
export interface PriorityQueue extends ItemSource {
  /**
   * Adds an item, once, with a priority: a whole number from 0, the first, to 65,535. Outcomes and `timeoutMs` are as for
   * `Queue.enqueue`. Items of one priority are added one after the other: each needs the number of the last one.
   */
  enqueue(value: Bytes, priority: number, options?: EnqueueOptions): Promise<Enqueued>;
}

const LOWEST_PRIORITY = 65_535;
/** Pauses of writers whose number was given to another one. */
const CONFLICTS = { firstMs: 2, longestMs: 50 };

/**
 * Makes a priority queue of this name. It sends nothing until it is used, and holds nothing that would have to be closed.
 *
 * Everybody with the same name shares it, also clientv3's `recipe.NewPriorityQueue`. A queue and a priority queue need different
 * names.
 */
export function priorityQueue(client: EtcdOperations, name: Bytes): PriorityQueue {
  return new EtcdPriorityQueue(partsOf(client, priorityLayout(name)));
}

class EtcdPriorityQueue extends Source implements PriorityQueue {
  readonly #parts: QueueParts;
  readonly #writers: Line = new Line();

  constructor(parts: QueueParts) {
    super(parts);
    this.#parts = parts;
    bindMethods(this, EtcdPriorityQueue.prototype);
  }

  async enqueue(given: Bytes, priority: number, options?: EnqueueOptions): Promise<Enqueued> {
    if (!Number.isInteger(priority) || priority < 0 || priority > LOWEST_PRIORITY) {
      const isShown = typeof priority === 'number' || priority === undefined;
      const shown = isShown ? String(priority) : `a ${typeof priority}`;
      throw invalidArgument('priority', `must be a whole number from 0 to ${LOWEST_PRIORITY}, not ${shown}`);
    }
    const { client, layout, marks } = this.#parts;
    const { effort, value, lease } = checkEnqueue(client, given, options);
    const { signal } = effort;
    const site = siteOf(client);
    const digits = Buffer.from(String(priority).padStart(5, '0'));
    return await this.#writers.run(signal, async () => {
      for (let conflicts = 1; ; conflicts++) {
        const timeoutMs = Math.max(effort.deadline - site.clock.now(), 1);
        const { number, revision } = await this.#next(digits, { ...effort.options, signal, timeoutMs });
        const key = Buffer.concat([layout.prefix, digits, Buffer.from(`/${String(number).padStart(16, '0')}`)]);
        // Who adds an item writes this key too. So a number is not given twice, even if its item has been taken meanwhile.
        const helper = Buffer.concat([layout.helpers, digits]);
        const step = {
          if: [compare.modRevision(helper, '<', revision + 1n), keyMissing(key)],
          then: [op.put(helper, ''), op.put(key, value, { lease })],
        };
        const applied = await new MarkedWrite(marks, [step]).run(effort);
        if (applied !== undefined) return { key, revision: applied.revision };
        await sleep(backoffMs(conflicts, CONFLICTS, site.random), site, signal);
      }
    });
  }

  /** The number after the last one of a priority, and the revision at which that is so. */
  async #next(digits: Buffer, options: CallOptions): Promise<{ readonly number: bigint; readonly revision: bigint }> {
    const { client, layout } = this.#parts;
    const below = Buffer.concat([layout.prefix, digits, Buffer.from('/')]);
    const { header, kvs } = await client.kv.get(Buffer.concat([below, Buffer.from('0')]), {
      ...options,
      rangeEnd: Buffer.concat([below, Buffer.from(':')]),
      keysOnly: true,
      limit: 1,
      sort: { by: 'key', order: 'descend' },
    });
    const [last] = /^\d+/.exec(kvs[0]?.key.toString('latin1', below.length) ?? '') ?? [];
    return { number: last === undefined ? 0n : BigInt(last) + 1n, revision: header.revision };
  }
}
