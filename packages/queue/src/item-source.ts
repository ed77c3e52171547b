import { op, type CallOptions, type EtcdOperations, type KeyValue } from '@etcdts/core';
import { bindMethods, keyValue, siteOf } from '@etcdts/core/plugin';
import { endless } from './endless.ts';
import { isFree, type FreeItem } from './head.ts';
import type { Layout } from './layout.ts';
import { Line } from './line.ts';
import { MarkedWrite } from './marked-write.ts';
import { Marks } from './marks.ts';
import { openReceiver, type Receiver, type ReceiverOptions } from './receiver.ts';
import { shortLeases } from './short-lease.ts';
import { take, tryTake, type Claim } from './taking.ts';
import { beginWait } from './waiting.ts';

/** How long the outcome of a claim is sought, in milliseconds. After that the item may be lost, and the error has `'unknown'`. */
const CLAIM_MS = 20_000;

/**
 * What takes items out of a queue.
 *
 * `dequeue` and its like take an item at most once: a taker that dies has lost it. A `receiver` hands out items that come
 * back unless they are acknowledged: at least once.
 */
export interface ItemSource extends AsyncIterable<KeyValue> {
  /**
   * Takes the first item out of the queue, and waits for one if there is none. `key` and `createRevision` are those of the
   * item when it was added.
   *
   * It survives cuts and compactions. `timeoutMs` limits the wait, and is off by default: `DEADLINE_EXCEEDED`. An abort rejects
   * with the signal's reason, and an item stays. Once a claim is sent, abort and deadline are too late: it resolves with the
   * item, or goes on. The outcome of a claim whose answer is lost is sought for 20 s; if it cannot be found out, the error has
   * the outcome `'unknown'`, and the item may be lost. Several calls on one object take their items in the order of the calls.
   */
  dequeue(options?: CallOptions): Promise<KeyValue>;
  /** As `dequeue`, but resolves with `undefined` if the queue is empty. Items that were handed out do not count. */
  tryDequeue(options?: CallOptions): Promise<KeyValue | undefined>;
  /** One `dequeue` after the other, for as long as it is iterated. An abort of the signal throws its reason. */
  items(options?: CallOptions): AsyncIterable<KeyValue>;
  /**
   * Makes a receiver, which hands out items under a lease of its own: an item whose receiver dies comes back when the lease ends.
   * It sends nothing until it is used. Close it, so that what it holds is given back at once.
   */
  receiver(options?: ReceiverOptions): Receiver;
}

/** The parts of a queue. */
export interface QueueParts {
  readonly client: EtcdOperations;
  readonly layout: Layout;
  /** The marks of enqueues and dequeues. */
  readonly marks: Marks;
}

/** Makes the parts of a queue. */
export function partsOf(client: EtcdOperations, layout: Layout): QueueParts {
  return { client, layout, marks: new Marks(client, layout.marks, shortLeases(client)) };
}

/** What a queue and a priority queue have in common: all but `enqueue`. */
export class Source implements ItemSource {
  readonly #parts: QueueParts;
  readonly #line: Line = new Line();

  constructor(parts: QueueParts) {
    this.#parts = parts;
    bindMethods(this, Source.prototype);
  }

  dequeue(options?: CallOptions): Promise<KeyValue> {
    return this.#dequeue(options, []);
  }

  async tryDequeue(options?: CallOptions): Promise<KeyValue | undefined> {
    const { client, layout } = this.#parts;
    const wait = beginWait(client, options);
    try {
      return await tryTake(client, layout, wait, (few) => this.#claim(few, wait.options));
    } finally {
      wait.end();
    }
  }

  items(options?: CallOptions): AsyncIterable<KeyValue> {
    return endless(this.#parts.client, options, (call, left) => this.#dequeue(call, [left]));
  }

  [Symbol.asyncIterator](): AsyncIterator<KeyValue> {
    return this.items()[Symbol.asyncIterator]();
  }

  receiver(options?: ReceiverOptions): Receiver {
    return openReceiver(this.#parts.client, this.#parts.layout, options);
  }

  async #dequeue(options: CallOptions | undefined, ends: readonly AbortSignal[]): Promise<KeyValue> {
    const { client, layout } = this.#parts;
    const wait = beginWait(client, options, ends);
    const claim: Claim<KeyValue> = (few) => this.#claim(few, wait.options);
    try {
      // While one waits, the others need not watch: it lets the next one through when it has its item.
      return await this.#line.run(wait.signal, () => take(client, layout, wait, claim));
    } finally {
      wait.end();
    }
  }

  async #claim(few: readonly FreeItem[], options: CallOptions): Promise<KeyValue | undefined> {
    const { client, layout, marks } = this.#parts;
    const deadline = siteOf(client).clock.now() + CLAIM_MS;
    const steps = few.map((one) => ({ if: isFree(one, layout), then: [op.delete(one.at.key)] }));
    const applied = await new MarkedWrite(marks, steps).run({ options, deadline, repeat: true });
    return applied && itemOf(few[applied.step] as FreeItem, layout);
  }
}

function itemOf({ at, held, order }: FreeItem, layout: Layout): KeyValue {
  if (!held) return at;
  const { key, revision } = layout.itemOf(order);
  return keyValue({ key, value: at.value, createRevision: revision, modRevision: revision, version: 1 });
}
