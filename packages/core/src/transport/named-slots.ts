import type { Clock, Timer } from '../clock.ts';
import type { Slot } from './slot.ts';

/** How long the slot of an endpoint that only calls name stays without a call. */
const IDLE_MS = 30_000;
/** How often the slots are checked. */
const LOOK_EVERY_MS = 10_000;

interface Named {
  readonly slot: Slot;
  /** When a call last named the endpoint, or was last seen under way on it. */
  usedAt: number;
}

/**
 * The slots of endpoints that calls name and that are not in the client's list, by identity. A slot without a call and a stream
 * is closed after 30 to 40 s, so that a program that names changing members keeps no connections to earlier ones.
 */
export class NamedSlots {
  readonly #clock: Clock;
  readonly #awaited: (slot: Slot) => boolean;
  readonly #slots: Map<string, Named> = new Map();
  #timer: Timer | undefined;

  /** `awaited` returns whether a call waits for the slot to connect. */
  constructor(clock: Clock, awaited: (slot: Slot) => boolean) {
    this.#clock = clock;
    this.#awaited = awaited;
  }

  /** Returns the slot of an endpoint for a call. */
  use(identity: string, make: () => Slot): Slot {
    let named = this.#slots.get(identity);
    if (named === undefined) {
      named = { slot: make(), usedAt: 0 };
      this.#slots.set(identity, named);
      this.#timer ??= this.#clock.after(LOOK_EVERY_MS, () => this.#look());
    }
    named.usedAt = this.#clock.now();
    return named.slot;
  }

  /** Removes a slot, because its endpoint is in the list now. */
  take(identity: string): Slot | undefined {
    const named = this.#slots.get(identity);
    this.#remove(identity);
    return named?.slot;
  }

  /** Closes all of them at once. */
  close(): void {
    for (const { slot } of this.#slots.values()) slot.close(true);
    for (const identity of this.#slots.keys()) this.#remove(identity);
  }

  #look(): void {
    this.#timer = undefined;
    const now = this.#clock.now();
    for (const [identity, named] of this.#slots) {
      if (named.slot.busy || this.#awaited(named.slot)) named.usedAt = now;
      if (now - named.usedAt < IDLE_MS) continue;
      named.slot.close(false);
      this.#remove(identity);
    }
    if (this.#slots.size > 0) this.#timer = this.#clock.after(LOOK_EVERY_MS, () => this.#look());
  }

  #remove(identity: string): void {
    if (!this.#slots.delete(identity) || this.#slots.size > 0) return;
    this.#timer?.cancel();
    this.#timer = undefined;
  }
}
