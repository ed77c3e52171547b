import type { Field, Message } from './fields.ts';
import { Reader } from './reader.ts';
import { DELIMITED, mustBe, type Kind } from './scalars.ts';
import { ValueError, Writer } from './writer.ts';

/** A type of message. Its fields are set after it was made, since types may contain each other. */
export class MessageKind implements Kind {
  readonly wire: number = DELIMITED;
  readonly absent: unknown = null;
  #fields: readonly Field[] = [];
  #byId: ReadonlyMap<number, Field> = new Map();

  set fields(fields: readonly Field[]) {
    this.#fields = fields.toSorted((a, b) => b.id - a.id);
    this.#byId = new Map(fields.map((field) => [field.id, field]));
  }

  /** Reads a whole message; throws a WireError. */
  decode(bytes: Buffer): Message {
    return this.#read(new Reader(bytes));
  }

  /** Writes a whole message; throws a ValueError. */
  encode(message: object): Buffer {
    const writer = new Writer();
    this.#write(writer, message);
    return writer.finish();
  }

  read(reader: Reader): Message {
    const outer = reader.descend();
    const message = this.#read(reader);
    reader.ascend(outer);
    return message;
  }

  write(writer: Writer, value: unknown): void {
    const before = writer.length;
    this.#write(writer, value);
    writer.delimit(before);
  }

  #read(reader: Reader): Message {
    const message: Message = {};
    for (const field of this.#fields) field.begin(message);
    for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
      const field = this.#byId.get(tag >>> 3);
      if (field === undefined || !field.read(reader, tag & 7, message)) reader.skip(tag);
    }
    return message;
  }

  #write(writer: Writer, message: unknown): void {
    if (typeof message !== 'object' || message === null || Array.isArray(message)) throw mustBe('an object', message);
    writer.descend();
    for (const field of this.#fields) {
      const value = (message as Message)[field.name];
      if (value === undefined || value === null) continue;
      try {
        field.write(writer, value);
      } catch (error) {
        throw error instanceof ValueError ? error.within(field.name) : error;
      }
    }
    writer.ascend();
  }
}
