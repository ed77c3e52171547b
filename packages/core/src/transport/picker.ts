import { EtcdError, clientClosed, serverText } from '../errors.ts';
import type { Alarm } from '../logger.ts';
import { identityOf, parseEndpoint, parseEndpoints, type Endpoint } from './endpoints.ts';
import { LongWaits } from './long-waits.ts';
import { NamedSlots } from './named-slots.ts';
import { Slot, type SlotParts } from './slot.ts';

/** What a picker is made with. */
export interface PickerParts extends SlotParts {
  /** Reports what people should see even without a logger. */
  readonly alarm: Alarm;
}

/** A call that waits for a connection. One of its functions is called, once. */
export interface Waiter {
  /** Endpoints that are used only if there is no other. */
  readonly avoid?: readonly string[] | undefined;
  onSlot(slot: Slot): void;
  onFailure(error: EtcdError): void;
}

/** The shortest time between two checks for idle endpoints that reconnect in the background. */
const LOOK_EVERY_MS = 50;

/**
 * Chooses the endpoint of each call: round robin over those that are connected, and suspect ones last. Calls make the others
 * reconnect in the background, so that an unreachable member delays no call.
 */
export class Picker {
  readonly #parts: PickerParts;
  readonly #tlsByDefault: boolean;
  readonly #waiters: Map<Waiter, Slot | undefined> = new Map();
  /** Endpoints that calls named and that are not in the list. */
  readonly #named: NamedSlots;
  /** By the endpoint that calls name; `undefined` if any will do. */
  readonly #longWaits: LongWaits<Slot | undefined>;
  #slots: readonly Slot[] = [];
  #turn = 0;
  #lookAt = 0;
  #closed = false;

  constructor(endpoints: readonly Endpoint[], tlsByDefault: boolean, parts: PickerParts) {
    this.#parts = parts;
    this.#tlsByDefault = tlsByDefault;
    this.#named = new NamedSlots(parts.clock, (slot) => [...this.#waiters.values()].includes(slot));
    this.#longWaits = new LongWaits(parts.clock, (target) => this.#reportWait(target));
    this.#slots = endpoints.map((endpoint) => this.#slotOf(endpoint));
  }

  get slots(): readonly Slot[] {
    return this.#slots;
  }

  /** Replaces the list. Endpoints that stay, or that calls have named, keep their connection. */
  setEndpoints(list: readonly string[]): void {
    const endpoints = parseEndpoints(list, this.#tlsByDefault);
    if (this.#closed) throw clientClosed();
    const old = new Map(this.#slots.map((slot) => [identityOf(slot.endpoint), slot]));
    this.#slots = endpoints.map((endpoint) => {
      const identity = identityOf(endpoint);
      const kept = old.get(identity) ?? this.#named.take(identity);
      old.delete(identity);
      if (kept === undefined) return this.#slotOf(endpoint);
      kept.endpoint = endpoint;
      return kept;
    });
    for (const slot of old.values()) slot.close(false);
    for (const slot of this.#slots) if (this.#waiters.size > 0) slot.connect();
    this.#settle();
  }

  /** Returns a connected slot for a call that names no endpoint, if there is one. Nearly every call takes this path. */
  pick(now: number, avoid?: readonly string[]): Slot | undefined {
    if (now >= this.#lookAt) this.#reconnect(now);
    const slots = this.#slots;
    let suspect: Slot | undefined;
    for (let i = 0; i < slots.length; i++) {
      this.#turn = (this.#turn + 1) % slots.length;
      const slot = slots[this.#turn] as Slot;
      if (slot.ready === undefined || avoid?.includes(slot.endpoint.address)) continue;
      if (slots.length === 1 || !slot.health.suspect(now)) return slot;
      suspect ??= slot;
    }
    return suspect;
  }

  /** Waits for a connection, to the named endpoint or to any. Returns a function that stops the wait. */
  wait(address: string | undefined, waiter: Waiter): () => void {
    if (this.#closed) {
      waiter.onFailure(clientClosed());
      return () => {};
    }
    const target = address === undefined ? undefined : this.#slotNamed(address);
    this.#waiters.set(waiter, target);
    this.#longWaits.begin(target);
    if (target !== undefined) target.connect();
    else for (const slot of this.#slots) slot.connect();
    this.#settle();
    return () => this.#leave(waiter);
  }

  /** Ends every connection and every wait, for good. */
  close(): void {
    this.#closed = true;
    for (const slot of this.#slots) slot.close(true);
    this.#named.close();
    this.#longWaits.close();
    for (const waiter of [...this.#waiters.keys()]) {
      this.#waiters.delete(waiter);
      waiter.onFailure(clientClosed());
    }
  }

  #slotOf(endpoint: Endpoint): Slot {
    return new Slot(endpoint, this.#parts, (slot) => {
      if (slot.ready !== undefined) this.#stands(slot);
      this.#settle();
    });
  }

  #stands(slot: Slot): void {
    this.#longWaits.end(slot);
    if (this.#slots.includes(slot)) this.#longWaits.end(undefined);
  }

  #slotNamed(address: string): Slot {
    const endpoint = parseEndpoint(address, this.#tlsByDefault, 'endpoint');
    const identity = identityOf(endpoint);
    const listed = this.#slots.find((slot) => identityOf(slot.endpoint) === identity);
    return listed ?? this.#named.use(identity, () => this.#slotOf(endpoint));
  }

  /** A call gives up. */
  #leave(waiter: Waiter): void {
    const target = this.#waiters.get(waiter);
    if (this.#waiters.delete(waiter)) this.#longWaits.leave(target);
  }

  #reportWait(target: Slot | undefined): void {
    const reasons = reasonsOf(target === undefined ? this.#slots : [target]);
    this.#parts.alarm(`calls or watches have waited 10 s for a connection: ${reasons}`, { reasons });
  }

  #reconnect(now: number): void {
    this.#lookAt = now + LOOK_EVERY_MS;
    for (const slot of this.#slots) if (slot.dueAt(now)) slot.connect();
  }

  /** Settles every waiter for which a connection is ready, or for which no endpoint that it may use can be reached. */
  #settle(): void {
    for (const [waiter, target] of [...this.#waiters]) {
      const candidates = target === undefined ? this.#slots : [target];
      const now = this.#parts.clock.now();
      let slot = target === undefined ? this.pick(now, waiter.avoid) : target.ready && target;
      // An endpoint that has failed to connect before does not delay a call that an avoided endpoint can serve.
      const hopeful = (one: Slot): boolean => one.connecting && one.failure === undefined;
      if (slot === undefined && target === undefined && !candidates.some(hopeful)) slot = this.pick(now);
      if (slot !== undefined) {
        this.#waiters.delete(waiter);
        this.#longWaits.end(target);
        waiter.onSlot(slot);
      } else if (!candidates.some((one) => one.connecting)) {
        this.#leave(waiter);
        waiter.onFailure(unreachable(candidates));
      }
    }
  }
}

/** Why each of the slots has no connection, as text. */
function reasonsOf(slots: readonly Slot[]): string {
  const reasons = slots.map(
    (slot) => `${slot.endpoint.address}: ${serverText(slot.failure?.details ?? 'not connected')}`,
  );
  return `${reasons.slice(0, 5).join('; ')}${reasons.length > 5 ? '; …' : ''}`;
}

function unreachable(slots: readonly Slot[]): EtcdError {
  const tls = slots.length > 0 && slots.every((slot) => slot.failure?.tls === true);
  return new EtcdError({
    code: tls ? 'TLS_FAILED' : 'UNAVAILABLE',
    message: `${tls ? '' : 'no connection: '}${reasonsOf(slots)}`,
    outcome: 'not-applied',
    endpoint: slots.length === 1 ? slots[0]?.endpoint.address : undefined,
    cause: slots.find((slot) => slot.failure?.cause !== undefined)?.failure?.cause,
  });
}
