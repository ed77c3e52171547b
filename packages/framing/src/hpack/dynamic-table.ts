/** What a field takes of a table or of a header list: name, value and 32 bytes (RFC 7541, 4.1; RFC 9113, 6.5.2). */
export function fieldSize(name: string, value: string): number {
  return name.length + value.length + 32;
}

/**
 * The dynamic table of one direction (RFC 7541, 2.3.2): the newest entry is the first, and the oldest leave as soon as the sizes
 * exceed the limit. It is a ring, so that neither an addition nor an eviction moves an entry.
 */
export class DynamicTable<Entry extends { readonly size: number }> {
  readonly #ring: (Entry | undefined)[];
  readonly #mask: number;
  readonly #evicted: ((entry: Entry) => void) | undefined;
  #limit: number;
  #size = 0;
  #count = 0;
  #added = 0;

  /** `largest` is the highest limit that the table ever has, and its first one. `evicted` is called for each entry that leaves. */
  constructor(largest: number, evicted?: (entry: Entry) => void) {
    this.#limit = largest;
    this.#evicted = evicted;
    // An entry has at least 32 bytes.
    let slots = 1;
    while (slots * 32 < largest) slots *= 2;
    this.#ring = Array<Entry | undefined>(slots).fill(undefined);
    this.#mask = slots - 1;
  }

  /** How many bytes the entries may have together. */
  get limit(): number {
    return this.#limit;
  }

  /** How many entries were added so far: the place of the next one in the history of this table. */
  get added(): number {
    return this.#added;
  }

  /** The entry that `age` additions followed; `undefined` if there is none any more. */
  at(age: number): Entry | undefined {
    return age < this.#count ? this.#ring[(this.#added - 1 - age) & this.#mask] : undefined;
  }

  /** Adds an entry. One that is larger than the limit empties the table and is not in it, which is no error (RFC 7541, 4.4). */
  add(entry: Entry): void {
    this.#shrink(this.#limit - entry.size);
    if (entry.size > this.#limit) return;
    this.#ring[this.#added++ & this.#mask] = entry;
    this.#count++;
    this.#size += entry.size;
  }

  /** Sets the limit, at most `largest` (RFC 7541, 4.3). */
  resize(limit: number): void {
    this.#limit = limit;
    this.#shrink(limit);
  }

  #shrink(size: number): void {
    while (this.#size > size && this.#count > 0) {
      const slot = (this.#added - this.#count) & this.#mask;
      const oldest = this.#ring[slot]!;
      // The ring would keep it alive until the slot is used again.
      this.#ring[slot] = undefined;
      this.#count--;
      this.#size -= oldest.size;
      this.#evicted?.(oldest);
    }
  }
}
