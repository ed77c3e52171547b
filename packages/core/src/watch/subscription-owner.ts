import type { Subscription } from './subscription.ts';

/** What a subscription needs of the streams that it shares with others. */
export interface SubscriptionOwner {
  /** A watch is wanted on the server, from `nextRevision` on. */
  submit(subscription: Subscription): void;
  /** Its reader is behind: the watch on the server is not wanted for the time being. */
  park(subscription: Subscription): void;
  /** The subscription has ended. */
  release(subscription: Subscription): void;
  /** Something new was received, as many events of it: its stream works. */
  advanced(subscription: Subscription, events?: number): void;
  /** The store at the other end is older than what this subscription has seen. */
  suspect(subscription: Subscription): void;
  /** The server broke the protocol on this subscription's stream. */
  distrust(subscription: Subscription, why: string): void;
}
