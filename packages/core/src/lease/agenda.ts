/** Something that an agenda can hold. */
export interface Dated {
  /** Its index in the agenda; negative while it is not there. Only the agenda sets it. */
  place: number;
}

/**
 * Items by time: a binary heap, of which the first item is the earliest one. Each item knows its place, so that its time can be
 * changed and it can be removed without a search. Ten thousand items cost 16 bytes each.
 */
export class Agenda<T extends Dated> {
  readonly #items: T[] = [];
  readonly #times: number[] = [];

  /** The time of the earliest item; `Infinity` if there is none. */
  get earliest(): number {
    return this.#times.length === 0 ? Infinity : (this.#times[0] as number);
  }

  /** Adds an item, or changes its time. */
  set(item: T, at: number): void {
    const place = item.place >= 0 ? item.place : this.#items.length;
    this.#up(item, at, place);
    if (item.place === place) this.#down(item, at, place);
  }

  /** Removes an item, if it is here. */
  delete(item: T): void {
    const { place } = item;
    if (place < 0) return;
    item.place = -1;
    const last = this.#items.pop() as T;
    const at = this.#times.pop() as number;
    if (last === item) return;
    this.#up(last, at, place);
    if (last.place === place) this.#down(last, at, place);
  }

  /** Returns the items up to a time, in no order. They stay here. */
  until(at: number): T[] {
    const found: T[] = [];
    const places = [0];
    for (let place = places.pop(); place !== undefined; place = places.pop()) {
      if (place >= this.#times.length || (this.#times[place] as number) > at) continue;
      found.push(this.#items[place] as T);
      places.push(2 * place + 2, 2 * place + 1);
    }
    return found;
  }

  /** Puts an item at a place or, above it, where the items before it are not later. */
  #up(item: T, at: number, place: number): void {
    const times = this.#times;
    while (place > 0) {
      const above = (place - 1) >> 1;
      const time = times[above] as number;
      if (time <= at) break;
      this.#put(this.#items[above] as T, time, place);
      place = above;
    }
    this.#put(item, at, place);
  }

  /** Moves an item down from a place, until the items after it are not earlier. */
  #down(item: T, at: number, place: number): void {
    const times = this.#times;
    const { length } = times;
    for (;;) {
      let below = 2 * place + 1;
      if (below >= length) break;
      if (below + 1 < length && (times[below + 1] as number) < (times[below] as number)) below++;
      const time = times[below] as number;
      if (time >= at) break;
      this.#put(this.#items[below] as T, time, place);
      place = below;
    }
    this.#put(item, at, place);
  }

  #put(item: T, at: number, place: number): void {
    this.#items[place] = item;
    this.#times[place] = at;
    item.place = place;
  }
}
