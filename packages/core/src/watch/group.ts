import type { CallOptions } from '../call.ts';
import { diagnostics } from '../diagnostics.ts';
import type { WatchBuffers } from './buffers.ts';
import { Succession, type WatchHubParts } from './succession.ts';
import type { Subscription, SubscriptionOwner } from './subscription.ts';

export type { WatchHubParts } from './succession.ts';

/** The functions of the hub that a group calls. */
export interface GroupHub {
  readonly buffers: WatchBuffers;
  /** Called when the watches of the client hold too much. */
  relieve(): void;
  /** Called when its last member has ended. There may be others later. */
  emptied(group: WatchGroup): void;
}

/** The subscriptions that share streams, because the options of their streams are equal. */
export class WatchGroup implements SubscriptionOwner {
  /** Every subscription that has not ended, in the order of creation. */
  readonly members: Set<Subscription> = new Set();
  readonly streams: Succession;
  readonly #parts: WatchHubParts;
  readonly #hub: GroupHub;

  constructor(parts: WatchHubParts, options: CallOptions, hub: GroupHub) {
    this.#parts = parts;
    this.#hub = hub;
    this.streams = new Succession(parts, options, this.members);
  }

  /** Ends every subscription without an error. */
  close(): void {
    // The streams end first, because a cancel request for each watch on them is of no use.
    this.streams.close();
    for (const subscription of this.members) subscription.close();
  }

  // ---- SubscriptionOwner --------------------------------------------------------------------------------------------

  get buffers(): WatchBuffers {
    return this.#hub.buffers;
  }

  relieve(): void {
    this.#hub.relieve();
  }

  submit(subscription: Subscription): void {
    this.members.add(subscription);
    this.streams.carry(subscription);
  }

  parked(subscription: Subscription): void {
    const { bufferedBytes } = subscription;
    if (diagnostics.parked.hasSubscribers) diagnostics.parked.publish({ bufferedBytes });
    this.#parts.logger.info(`watch parked: ${bufferedBytes} bytes wait for its reader`, { bufferedBytes });
  }

  release(subscription: Subscription): void {
    this.members.delete(subscription);
    this.streams.forget(subscription);
    if (this.members.size === 0) this.#hub.emptied(this);
  }
}
