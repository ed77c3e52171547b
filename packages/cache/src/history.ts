import type { Delta, Entry } from './entry.ts';
import type { Ordered } from './ordered.ts';

/** One revision of a copy: what happened, and the state after it. States share their structure. */
export interface Moment<T> {
  readonly revision: bigint;
  readonly deltas: readonly Delta<T>[];
  readonly state: Ordered<Entry<T>>;
  /** Whether it is the difference to a new base, which takes the place of revisions that are not known. */
  readonly resync: boolean;
}

const NONE: readonly never[] = [];

/** The last moments of a copy, oldest first, and the state before them. */
export class History<T> {
  readonly #limit: number;
  #moments: Moment<T>[] = [];
  #head = 0;
  /** The state before the first moment that is left, and its revision. */
  #origin: { readonly revision: bigint; readonly state: Ordered<Entry<T>> };
  /** The first revision at which states are exact: what was before it may be unknown. */
  #exactFrom: bigint;

  constructor(limit: number, revision: bigint, state: Ordered<Entry<T>>) {
    this.#limit = limit;
    this.#origin = { revision, state };
    this.#exactFrom = revision;
  }

  /** The revision up to which a reader must have read, so that the rest is here. */
  get readableFrom(): bigint {
    return this.#origin.revision;
  }

  /** The first revision whose state is known exactly. Events are known from the next one on. */
  get exactFrom(): bigint {
    return this.#exactFrom > this.#origin.revision ? this.#exactFrom : this.#origin.revision;
  }

  get length(): number {
    return this.#moments.length - this.#head;
  }

  /** Adds a moment. `trim` is to follow when those who wait for it have got it. */
  add(moment: Moment<T>): void {
    this.#moments.push(moment);
    if (moment.resync) this.#exactFrom = moment.revision;
  }

  /** Drops what is older than the history is long. */
  trim(): void {
    while (this.length > this.#limit) this.#drop();
  }

  /** Gives up exact states and events before a revision, because the store has none of them any more. */
  forgetBefore(revision: bigint): void {
    if (revision > this.#exactFrom) this.#exactFrom = revision;
  }

  /** The moments after a revision. */
  after(revision: bigint, most: number = Infinity): readonly Moment<T>[] {
    const start = this.#indexAfter(revision);
    if (start === this.#moments.length) return NONE;
    return this.#moments.slice(start, Math.min(start + most, this.#moments.length));
  }

  /** The state at a revision, which must not be before `exactFrom`. */
  at(revision: bigint): Ordered<Entry<T>> {
    const index = this.#indexAfter(revision) - 1;
    return index < this.#head ? this.#origin.state : (this.#moments[index] as Moment<T>).state;
  }

  #drop(): void {
    const { revision, state } = this.#moments[this.#head] as Moment<T>;
    this.#origin = { revision, state };
    this.#head += 1;
    if (this.#head < 1024 && this.#head < this.#limit) return;
    this.#moments = this.#moments.slice(this.#head);
    this.#head = 0;
  }

  /** The index of the first moment after a revision. */
  #indexAfter(revision: bigint): number {
    let low = this.#head;
    let high = this.#moments.length;
    // Most readers are up to date, or behind by the last one.
    for (let back = 0; back < 2; back++) {
      if (high === low || (this.#moments[high - 1] as Moment<T>).revision <= revision) return high;
      high -= 1;
    }
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#moments[middle] as Moment<T>).revision <= revision) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
