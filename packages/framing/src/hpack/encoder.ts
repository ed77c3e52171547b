import { DynamicTable, fieldSize } from './dynamic-table.ts';
import { huffmanLength, writeHuffman } from './huffman.ts';
import { STATIC_TABLE } from './static-table.ts';

/** A table beyond the initial size would cost the peer memory, and no client of etcd has that many fields. */
const LARGEST = 4096;

/** After so many entries of a name that left since one was of use again, its fields are not worth a place in the table. */
const FLEETING = 16;

interface Entry {
  readonly name: string;
  readonly key: string;
  readonly size: number;
  /** Its place in the history of the table. */
  readonly place: number;
}

const keyOf = (name: string, value: string): string => `${name}\n${value}`;

const fixedFields: ReadonlyMap<string, number> = new Map(
  STATIC_TABLE.map(([name, value], at) => [keyOf(name, value), at + 1]),
);

/** The lowest index of each name. */
const fixedNames: ReadonlyMap<string, number> = new Map(
  STATIC_TABLE.map(([name], at) => [name, at + 1] as const).reverse(),
);

/**
 * Writes the header blocks of one connection, in the order in which they are sent (RFC 7541). Each field enters the table at its
 * first use and is one byte, or two, from then on. The oldest leave, as in the peer's decoder, so that a token that
 * changes every few minutes does not fill the table for good.
 */
export class Encoder {
  readonly #table: DynamicTable<Entry> = new DynamicTable(LARGEST, (entry) => this.#left(entry));
  readonly #entries: Map<string, Entry> = new Map();
  /** By name: how many of its entries have left since one was of use again. */
  readonly #losses: Map<string, number> = new Map();
  /** The smallest limit since the last block; `undefined` if the limit has not changed. */
  #smallest: number | undefined;
  #version = 0;
  #out: Buffer = Buffer.alloc(0);
  #pos = 0;

  /** Grows whenever earlier blocks are no longer right. One that was made without that may be sent again until it grows. */
  get version(): number {
    return this.#version;
  }

  /** Sets how large a table the peer allows (SETTINGS_HEADER_TABLE_SIZE). The next block has the size updates (RFC 7541, 4.2). */
  limit(peerTableSize: number): void {
    const limit = Math.min(peerTableSize, LARGEST);
    if (limit === this.#table.limit) return;
    this.#smallest = Math.min(limit, this.#smallest ?? limit);
    this.#table.resize(limit);
    this.#losses.clear();
    this.#version++;
  }

  /** Makes a block. Names are in lower case, and names and values have latin1 characters only: the caller checks it. */
  encode(fields: readonly (readonly [name: string, value: string])[]): Buffer {
    let most = 10;
    for (const [name, value] of fields) most += name.length + value.length + 15;
    this.#out = Buffer.allocUnsafe(most);
    this.#pos = 0;
    this.#sizeUpdates();
    for (const [name, value] of fields) this.#field(name, value);
    return this.#out.subarray(0, this.#pos);
  }

  /** The smallest limit first, then the one that holds, so that the decoder evicts the same entries. */
  #sizeUpdates(): void {
    if (this.#smallest === undefined) return;
    if (this.#smallest < this.#table.limit) this.#integer(0x20, 0x1f, this.#smallest);
    this.#integer(0x20, 0x1f, this.#table.limit);
    this.#smallest = undefined;
    this.#version++;
  }

  #field(name: string, value: string): void {
    const key = keyOf(name, value);
    const fixed = fixedFields.get(key);
    if (fixed !== undefined) return this.#integer(0x80, 0x7f, fixed);
    const entry = this.#entries.get(key);
    if (entry !== undefined) {
      this.#losses.delete(name);
      return this.#integer(0x80, 0x7f, STATIC_TABLE.length + this.#table.added - entry.place);
    }
    const size = fieldSize(name, value);
    const added = size <= this.#table.limit && (this.#losses.get(name) ?? 0) < FLEETING;
    const index = fixedNames.get(name) ?? 0;
    if (added) this.#integer(0x40, 0x3f, index);
    else this.#integer(0, 0x0f, index);
    if (index === 0) this.#string(name);
    this.#string(value);
    if (!added) return;
    const one = { name, key, size, place: this.#table.added };
    this.#table.add(one);
    this.#entries.set(key, one);
    this.#version++;
  }

  #left(entry: Entry): void {
    this.#entries.delete(entry.key);
    this.#losses.set(entry.name, (this.#losses.get(entry.name) ?? 0) + 1);
  }

  #integer(high: number, mask: number, value: number): void {
    if (value < mask) {
      this.#out[this.#pos++] = high | value;
      return;
    }
    this.#out[this.#pos++] = high | mask;
    let rest = value - mask;
    for (; rest > 0x7f; rest >>>= 7) this.#out[this.#pos++] = (rest & 0x7f) | 0x80;
    this.#out[this.#pos++] = rest;
  }

  /** A string in Huffman code if that is shorter. A field is written once, so what the code costs does not count. */
  #string(text: string): void {
    const bytes = Buffer.from(text, 'latin1');
    const length = huffmanLength(bytes);
    if (length < bytes.length) {
      this.#integer(0x80, 0x7f, length);
      this.#pos = writeHuffman(bytes, this.#out, this.#pos);
    } else {
      this.#integer(0, 0x7f, bytes.length);
      this.#pos += bytes.copy(this.#out, this.#pos);
    }
  }
}
