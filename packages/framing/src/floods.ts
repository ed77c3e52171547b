import { ERROR, Http2Error } from './errors.ts';

/** How many useless frames in a row are accepted within {@link FLOOD_MS}. */
const FLOOD = 1_000;
const FLOOD_MS = 10_000;
/** How many WINDOW_UPDATEs are explained at most: a peer that never sent one has no right to millions at once. */
const MOST_EXPLAINED = 200_000;

/** Milliseconds on a clock that only goes forward. */
export interface Clock {
  now(): number;
}

/**
 * Counts the frames of a peer that cost work and bring no call forward (RFC 9113, 10.5): PING, SETTINGS, PRIORITY, unknown types,
 * empty DATA, CONTINUATION, informational responses, and RST_STREAM, HEADERS and WINDOW_UPDATE that no call explains. A connection may
 * stand for years with a PING now and then, so only many in a short time are a flood, and only if nothing useful comes between them.
 */
export class Floods {
  readonly #clock: Clock;
  #useless = 0;
  #since: number;
  /** How many WINDOW_UPDATEs are explained by DATA that has left. */
  #explained = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#since = clock.now();
  }

  /** Some call went forward: a message or a status came, or some of a request left. */
  progress(): void {
    this.#useless = 0;
  }

  /** DATA has left. A server may answer it with a WINDOW_UPDATE of the stream and one of the connection. */
  sentData(): void {
    this.progress();
    if (this.#explained < MOST_EXPLAINED) this.#explained += 2;
  }

  /** WINDOW_UPDATE came. Those for thousands of small requests may come in a row, before the first answer. */
  windowUpdate(): void {
    if (this.#explained > 0) this.#explained--;
    else this.useless();
  }

  /** A useless frame came. Throws ENHANCE_YOUR_CALM if they are a flood. */
  useless(): void {
    if (++this.#useless < FLOOD) return;
    const now = this.#clock.now();
    if (now - this.#since < FLOOD_MS) {
      throw new Http2Error(ERROR.ENHANCE_YOUR_CALM, `${FLOOD} frames in a row that serve no call`);
    }
    this.#useless = 0;
    this.#since = now;
  }
}
