import { ERROR, Http2Error } from '../errors.ts';
import { DynamicTable, fieldSize } from './dynamic-table.ts';
import { readHuffman } from './huffman.ts';
import { STATIC_TABLE } from './static-table.ts';

/** A header field. Fields repeat, so what one means is worked out once, when it enters a table. */
export interface Field {
  readonly name: string;
  readonly value: string;
  /** Of name and value, and 32. */
  readonly size: number;
  /** What `classify` has returned. */
  readonly kind: number;
  /** The value if it is a decimal number of up to nine digits, else -1. */
  readonly number: number;
}

function malformed(what: string): Http2Error {
  return new Http2Error(ERROR.COMPRESSION_ERROR, `a header block has ${what}`);
}

/** Works out a value of digits, without sign or space. */
function numberOf(value: string): number {
  if (value.length === 0 || value.length > 9) return -1;
  let number = 0;
  for (let at = 0; at < value.length; at++) {
    const digit = value.charCodeAt(at) - 48;
    if (digit < 0 || digit > 9) return -1;
    number = number * 10 + digit;
  }
  return number;
}

/**
 * Reads the header blocks of one connection, in the order in which they came (RFC 7541). Its memory is bounded by the table; a
 * block makes strings no longer than 8/5 of itself, since indexed fields share theirs.
 */
export class Decoder {
  readonly #tableLimit: number;
  readonly #listLimit: number;
  readonly #classify: (name: string, value: string) => number;
  readonly #fixed: readonly Field[];
  readonly #table: DynamicTable<Field>;
  #bytes: Buffer = Buffer.alloc(0);
  #pos = 0;
  #end = 0;

  /**
   * `tableLimit` is the largest size that the peer may set, which is SETTINGS_HEADER_TABLE_SIZE; no less than 4,096, the initial one,
   * so that no reduction has to be awaited. `listLimit` is SETTINGS_MAX_HEADER_LIST_SIZE. `classify` says what a field is.
   */
  constructor(tableLimit: number, listLimit: number, classify: (name: string, value: string) => number) {
    this.#tableLimit = tableLimit;
    this.#listLimit = listLimit;
    this.#classify = classify;
    this.#fixed = STATIC_TABLE.map(([name, value]) => this.#field(name, value));
    this.#table = new DynamicTable(tableLimit);
    this.#table.resize(4096);
  }

  /**
   * Decodes one whole block and reports its fields in order. Returns false if the list is larger than the limit: what does not fit
   * is decoded, because later blocks depend on it, but not reported. Throws COMPRESSION_ERROR for what cannot be decoded; the
   * connection is of no use then (RFC 9113, 4.3).
   */
  decode(bytes: Buffer, start: number, end: number, onField: (field: Field) => void): boolean {
    this.#bytes = bytes;
    this.#pos = start;
    this.#end = end;
    this.#updateSize();
    let listSize = 0;
    while (this.#pos < end) {
      const byte = bytes[this.#pos]!;
      const field = byte >= 0x80 ? this.#indexed(this.#integer(0x7f)) : this.#literal(byte);
      listSize += field.size;
      if (listSize <= this.#listLimit) onField(field);
    }
    return listSize <= this.#listLimit;
  }

  /** Size updates, which come before the first field of a block (RFC 7541, 4.2). */
  #updateSize(): void {
    while (this.#pos < this.#end && (this.#bytes[this.#pos]! & 0xe0) === 0x20) {
      const size = this.#integer(0x1f);
      if (size > this.#tableLimit)
        throw malformed(`a table of ${size} bytes, more than the ${this.#tableLimit} that are allowed`);
      this.#table.resize(size);
    }
  }

  #indexed(index: number): Field {
    const fixed = STATIC_TABLE.length;
    const field = index > fixed ? this.#table.at(index - fixed - 1) : this.#fixed[index - 1];
    if (field === undefined) throw malformed(`the index ${index}, which stands for nothing`);
    return field;
  }

  /** A literal: to be added to the table, not to be added, or never to be added by anyone who passes it on (RFC 7541, 6.2). */
  #literal(byte: number): Field {
    if ((byte & 0xe0) === 0x20) throw malformed('a size update after a field');
    const added = byte >= 0x40;
    const index = this.#integer(added ? 0x3f : 0x0f);
    const name = index === 0 ? this.#string() : this.#indexed(index).name;
    const field = this.#field(name, this.#string());
    if (added) this.#table.add(field);
    return field;
  }

  #field(name: string, value: string): Field {
    return { name, value, size: fieldSize(name, value), kind: this.#classify(name, value), number: numberOf(value) };
  }

  /** An integer whose first byte has the bits of `mask` (RFC 7541, 5.1): five bytes at most, so below 2^28 + 2^7. */
  #integer(mask: number): number {
    if (this.#pos >= this.#end) throw malformed('an end amid a field');
    let value = this.#bytes[this.#pos++]! & mask;
    if (value < mask) return value;
    for (let shift = 0; shift <= 21; shift += 7) {
      if (this.#pos >= this.#end) throw malformed('an end amid an integer');
      const byte = this.#bytes[this.#pos++]!;
      value += (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    throw malformed('an integer of more than five bytes');
  }

  #string(): string {
    const huffman = this.#bytes[this.#pos]! >= 0x80;
    const length = this.#integer(0x7f);
    if (length > this.#end - this.#pos) throw malformed('a string that runs past its end');
    const start = this.#pos;
    this.#pos += length;
    return huffman ? readHuffman(this.#bytes, start, this.#pos) : this.#bytes.toString('latin1', start, this.#pos);
  }
}
