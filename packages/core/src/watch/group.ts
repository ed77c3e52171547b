import type { CallOptions } from '../call.ts';
import { Succession, type WatchHubParts } from './succession.ts';
import type { Subscription, SubscriptionOwner } from './subscription.ts';

export type { WatchHubParts } from './succession.ts';

/** The subscriptions that share streams, because the options of their streams are equal. */
export class WatchGroup implements SubscriptionOwner {
  /** Every subscription that has not ended, in the order of creation. */
  readonly members: Set<Subscription> = new Set();
  readonly streams: Succession;
  readonly #parts: WatchHubParts;
  readonly #onEmpty: () => void;

  /** `onEmpty` is called each time the last member has ended. */
  constructor(parts: WatchHubParts, options: CallOptions, onEmpty: () => void) {
    this.#parts = parts;
    this.#onEmpty = onEmpty;
    this.streams = new Succession(parts, options, this.members);
  }

  /** Ends every subscription without an error. */
  close(): void {
    // First the streams, because a cancel request for each watch on them is of no use.
    this.streams.close();
    for (const subscription of this.members) subscription.close();
  }

  // ---- SubscriptionOwner --------------------------------------------------------------------------------------------

  submit(subscription: Subscription): void {
    this.members.add(subscription);
    this.streams.carry(subscription);
  }

  parked(subscription: Subscription): void {
    this.#parts.logger.info(`watch parked: ${subscription.bufferedBytes} bytes wait for its reader`);
  }

  release(subscription: Subscription): void {
    this.members.delete(subscription);
    this.streams.forget(subscription);
    if (this.members.size === 0) this.#onEmpty();
  }
}
