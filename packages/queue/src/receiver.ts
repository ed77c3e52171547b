import { isEtcdError, type CallOptions, type EtcdOperations } from '@etcdts/core';
import {
  bindMethods,
  callOptionsOf,
  checkOptions,
  invalidArgument,
  toCount,
  toInt64,
  withFields,
} from '@etcdts/core/plugin';
import type { Delivery } from './delivery.ts';
import { endless } from './endless.ts';
import { receiverClosed } from './errors.ts';
import { Holding } from './holding.ts';
import type { Layout } from './layout.ts';
import { Line } from './line.ts';
import { take, tryTake, type Claim } from './taking.ts';
import { abortable, beginWait, type Wait } from './waiting.ts';

/** Options of a receiver. */
export interface ReceiverOptions {
  /**
   * The time to live of the receiver's lease in seconds, a whole number from 1. Defaults to 60. It is how long the items of a
   * receiver that dies stay with it, and how long a receiver may be paused, or without etcd, before it loses its items. It does
   * not limit the work: the lease is renewed. etcd raises small ones.
   */
  ttl?: number | undefined;
  /** A lease to use instead of one of the receiver's own. The receiver keeps it alive until it is closed, and does not revoke it. */
  lease?: bigint | number | undefined;
}

/**
 * What hands out items of a queue under a lease: an item comes back unless it is acknowledged. It may hold any number of items, so
 * that the number of `receive` calls without an `ack` is the concurrency.
 *
 * The lease is granted when the first item is there. If it is lost, so are the items, of which each `Delivery.signal` tells; the
 * next `receive` grants another one. An adopted lease that is lost ends every `receive` with its error.
 */
export interface Receiver extends AsyncDisposable {
  /**
   * Waits for the first item that nobody has, and hands it out. `timeoutMs` limits the wait, and is off by default:
   * `DEADLINE_EXCEEDED`. It ends at once by an abort, with the signal's reason, or by `close`, with `SESSION_ENDED`; an item that it
   * was just given then goes back. It survives cuts and compactions.
   */
  receive(options?: CallOptions): Promise<Delivery>;
  /** As `receive`, but resolves with `undefined` if there is no item that nobody has. */
  tryReceive(options?: CallOptions): Promise<Delivery | undefined>;
  /** One `receive` after the other. The iteration ends when the receiver is closed, and throws the reason of an abort. */
  deliveries(options?: CallOptions): AsyncIterable<Delivery>;
  /**
   * Gives back everything at once, and ends every `receive`. Acknowledgements that are under way end first. It is repeated until
   * `timeoutMs`, by default the time to live, after which the items are back in any case. May be called again: the same promise.
   */
  close(options?: CallOptions): Promise<void>;
}

const DEFAULT_TTL = 60;

/** Makes a receiver for the queue of a layout. */
export function openReceiver(client: EtcdOperations, layout: Layout, options: ReceiverOptions | undefined): Receiver {
  checkOptions<ReceiverOptions>(options, { ttl: true, lease: true });
  const { ttl, lease } = options ?? {};
  if (lease === undefined) return new QueueReceiver(client, layout, toCount(ttl ?? DEFAULT_TTL, 'ttl', 1), undefined);
  if (ttl !== undefined) throw invalidArgument('ttl', 'is of no use with lease: an adopted lease has one');
  return new QueueReceiver(client, layout, 0, toInt64(lease, 'lease', 1n));
}

class QueueReceiver implements Receiver {
  readonly #client: EtcdOperations;
  readonly #layout: Layout;
  readonly #ttl: number;
  readonly #adopted: bigint | undefined;
  readonly #line: Line = new Line();
  readonly #closed = new AbortController();
  readonly #background: Set<Promise<unknown>> = new Set();
  #holding: Promise<Holding> | undefined;
  #closing: Promise<void> | undefined;

  constructor(client: EtcdOperations, layout: Layout, ttl: number, adopted: bigint | undefined) {
    this.#client = client;
    this.#layout = layout;
    this.#ttl = ttl;
    this.#adopted = adopted;
    bindMethods(this, QueueReceiver.prototype);
  }

  receive(options?: CallOptions): Promise<Delivery> {
    return this.#receive(options, []);
  }

  tryReceive(options?: CallOptions): Promise<Delivery | undefined> {
    return this.#handOut(options, [], (wait, claim) => tryTake(this.#client, this.#layout, wait, claim));
  }

  deliveries(options?: CallOptions): AsyncIterable<Delivery> {
    const isEnd = (): boolean => this.#closed.signal.aborted;
    return endless(this.#client, options, (call, left) => this.#receive(call, [left]), isEnd);
  }

  close(options?: CallOptions): Promise<void> {
    return (this.#closing ??= this.#close(options));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #receive(options: CallOptions | undefined, ends: readonly AbortSignal[]): Promise<Delivery> {
    return this.#handOut(options, ends, (wait, claim) =>
      this.#line.run(wait.signal, () => take(this.#client, this.#layout, wait, claim)),
    );
  }

  /** Takes an item. If the caller has left when it comes, it goes back. */
  async #handOut<T extends Delivery | undefined>(
    options: CallOptions | undefined,
    ends: readonly AbortSignal[],
    taking: (wait: Wait, claim: Claim<Delivery>) => Promise<T>,
  ): Promise<T> {
    const wait = beginWait(this.#client, options, [...ends, this.#closed.signal]);
    const claim: Claim<Delivery> = async (few) => {
      const holding = await this.#current(wait);
      return await holding.claim(few, wait.options);
    };
    const work = this.#tracked(taking(wait, claim));
    try {
      return await abortable(work, wait.signal, (late) => void this.#tracked(late?.release() ?? Promise.resolve()));
    } finally {
      wait.end();
    }
  }

  /** The lease under which items are taken now. */
  async #current({ options, signal }: Wait): Promise<Holding> {
    for (;;) {
      // The caller may have left meanwhile; then no lease is granted for it.
      signal.throwIfAborted();
      const opening = (this.#holding ??= this.#open(options));
      const holding = await opening.catch(() => undefined);
      if (holding !== undefined && holding.loss === undefined) return holding;
      if (holding !== undefined && this.#adopted !== undefined) throw holding.loss;
      if (this.#holding === opening) this.#holding = undefined;
      if (holding === undefined) return await opening.catch(refuse);
    }
  }

  #open(options: CallOptions): Promise<Holding> {
    return this.#adopted === undefined
      ? Holding.grant(this.#client, this.#layout, this.#ttl, options)
      : Holding.adopt(this.#client, this.#layout, this.#adopted);
  }

  /** Work that goes on though nobody waits for it. */
  #tracked<T>(work: Promise<T>): Promise<T> {
    const done = work.then(
      () => {},
      () => {},
    );
    this.#background.add(done);
    void done.then(() => this.#background.delete(done));
    return work;
  }

  async #close(given: CallOptions | undefined): Promise<void> {
    const { signal, timeoutMs, ...options } = callOptionsOf<CallOptions>(this.#client, given, {});
    const reason = receiverClosed();
    this.#closed.abort(reason);
    const holding = await this.#holding?.catch(() => undefined);
    if (holding === undefined) return;
    const held = [...holding.deliveries];
    for (const delivery of held) delivery.end(reason);
    await Promise.all(held.map((delivery) => delivery.settled()));
    try {
      if (this.#adopted === undefined) await holding.revoke({ options, signal, timeoutMs });
      await this.#quiet();
      await Promise.all([...holding.deliveries].map((delivery) => delivery.release(given)));
    } finally {
      await holding.stop();
    }
  }

  /** Waits for claims that are under way, and for releases of what nobody waits for any more. */
  async #quiet(): Promise<void> {
    while (this.#background.size > 0) await Promise.all(this.#background);
  }
}

/** A grant whose outcome is unknown takes no item: core revokes what etcd may have granted. */
function refuse(error: unknown): never {
  throw isEtcdError(error) ? withFields(error, { outcome: 'not-applied' }) : error;
}
