import type { Clock } from '../clock.ts';
import type { Life } from './kept-lease.ts';

/** The largest number of grants that are kept. A keepalive usually follows its grant at once. */
const REMEMBERED_GRANTS = 1_000;

/** The lives of recently granted leases, so that `keepAlive` has a deadline before the first renewal is answered. */
export class GrantedLives {
  readonly #lives: Map<bigint, Life> = new Map();
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Keeps a grant whose request was sent at `sentAt`. If there are too many, the oldest is dropped. */
  add(id: bigint, sentAt: number, ttl: number): void {
    const ttlMs = ttl * 1_000;
    this.#lives.set(id, { deadline: sentAt + ttlMs, ttlMs });
    if (this.#lives.size <= REMEMBERED_GRANTS) return;
    for (const oldest of this.#lives.keys()) {
      this.#lives.delete(oldest);
      break;
    }
  }

  /** Removes and returns the life of a lease; `undefined` if its time is over, because others may have renewed it. */
  take(id: bigint): Life | undefined {
    const life = this.#lives.get(id);
    this.#lives.delete(id);
    return life !== undefined && life.deadline > this.#clock.now() ? life : undefined;
  }
}
