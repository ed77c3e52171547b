import { keyMissing, op, type Bytes, type EtcdOperations } from '@etcdts/core';
import { bindMethods, siteOf } from '@etcdts/core/plugin';
import { checkEnqueue, type Enqueued, type EnqueueOptions } from './enqueuing.ts';
import { partsOf, Source, type ItemSource, type QueueParts } from './item-source.ts';
import { queueLayout } from './layout.ts';
import { MarkedWrite } from './marked-write.ts';

/**
 * A queue in etcd, first in, first out, for any number of writers and readers (recipes/queue.go). Items are taken in the order of
 * their create revisions.
 */
export interface Queue extends ItemSource {
  /**
   * Adds an item, once. If an answer is lost, it finds out whether the item was added, within `timeoutMs`, by default the client's
   * `requestTimeoutMs`; if it cannot, the error has the outcome `'unknown'`. What was not applied is not repeated; `@etcdts/retry`
   * does that.
   */
  enqueue(value: Bytes, options?: EnqueueOptions): Promise<Enqueued>;
}

/**
 * Makes a queue of this name. It sends nothing until it is used, and holds nothing that would have to be closed.
 *
 * Everybody with the same name shares it, also clientv3's `recipe.NewQueue`. The keys of items begin with the name and a slash;
 * other keys of the queue with `__`, the name and a slash. An empty name is refused with `EMPTY_KEY`.
 */
export function queue(client: EtcdOperations, name: Bytes): Queue {
  return new EtcdQueue(partsOf(client, queueLayout(name)));
}

class EtcdQueue extends Source implements Queue {
  readonly #parts: QueueParts;

  constructor(parts: QueueParts) {
    super(parts);
    this.#parts = parts;
    bindMethods(this, EtcdQueue.prototype);
  }

  async enqueue(given: Bytes, options?: EnqueueOptions): Promise<Enqueued> {
    const { client, layout, marks } = this.#parts;
    const { value, lease, effort } = checkEnqueue(client, given, options);
    const { random } = siteOf(client);
    for (;;) {
      const nanoseconds = BigInt(Date.now()) * 1_000_000n + BigInt(Math.floor(random() * 1_000_000));
      const key = Buffer.concat([layout.prefix, Buffer.from(String(nanoseconds))]);
      const step = { if: [keyMissing(key)], then: [op.put(key, value, { lease })] };
      const applied = await new MarkedWrite(marks, [step]).run(effort);
      // If not, somebody has drawn the same number.
      if (applied !== undefined) return { key, revision: applied.revision };
    }
  }
}
