import type { Clock } from '../clock.ts';
import type { Life } from './kept-lease.ts';

/** Grants remembered at most; a keepalive usually follows its grant at once. */
const REMEMBERED_GRANTS = 1_000;

/** How long the leases live that this client was granted lately, so that a keepalive knows from its first moment. */
export class GrantedLives {
  readonly #lives: Map<bigint, Life> = new Map();
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Remembers a grant whose request was sent then; the oldest goes where there are too many. */
  add(id: bigint, sentAt: number, ttl: number): void {
    const ttlMs = ttl * 1_000;
    this.#lives.set(id, { deadline: sentAt + ttlMs, ttlMs });
    if (this.#lives.size <= REMEMBERED_GRANTS) return;
    for (const oldest of this.#lives.keys()) {
      this.#lives.delete(oldest);
      break;
    }
  }

  /** Hands over what is known of a lease, and forgets it; nothing where its time is up, for others may have renewed it. */
  take(id: bigint): Life | undefined {
    const life = this.#lives.get(id);
    this.#lives.delete(id);
    return life !== undefined && life.deadline > this.#clock.now() ? life : undefined;
  }
}
