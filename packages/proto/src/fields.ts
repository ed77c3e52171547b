import { Reader } from './reader.ts';
import { DELIMITED, int32, mustBe, VARINT, type Kind } from './scalars.ts';
import { ValueError, type Writer } from './writer.ts';

/** A message as a plain object with its fields by name. */
export type Message = Record<string, unknown>;

/** One field of a message. */
export interface Field {
  readonly id: number;
  readonly name: string;
  /** Sets the value of an absent field in a new message. */
  begin(message: Message): void;
  /** Reads one occurrence. If its wire type is not the field's, it reads nothing and returns false. */
  read(reader: Reader, wire: number, message: Message): boolean;
  /** Writes the field's value, tags included. */
  write(writer: Writer, value: unknown): void;
}

function writeOne(writer: Writer, id: number, kind: Kind, value: unknown): void {
  kind.write(writer, value);
  writer.varint(id * 8 + kind.wire);
}

/**
 * A field with one value; the last one on the wire counts. An absent field of a oneof is missing in the message. Under the name
 * of the oneof, the message has the name of the field that is set.
 */
export function single(id: number, name: string, kind: Kind, oneof: string | undefined): Field {
  return {
    id,
    name,
    begin(message) {
      if (oneof === undefined) message[name] = kind.absent;
    },
    read(reader, wire, message) {
      if (wire !== kind.wire) return false;
      message[name] = kind.read(reader);
      if (oneof === undefined) return true;
      const before = message[oneof];
      if (before !== undefined && before !== name) delete message[before as string];
      message[oneof] = name;
      return true;
    },
    write: (writer, value) => writeOne(writer, id, kind, value),
  };
}

/** A repeated field, which is an array. It is read in both forms, and written packed if `packed` is set. */
export function repeated(id: number, name: string, kind: Kind, packed: boolean): Field {
  const packable = kind.wire !== DELIMITED;
  return {
    id,
    name,
    begin(message) {
      message[name] = [];
    },
    read(reader, wire, message) {
      const values = message[name] as unknown[];
      if (wire === kind.wire) {
        values.push(kind.read(reader));
        return true;
      }
      if (wire !== DELIMITED || !packable) return false;
      const outer = reader.enter();
      while (!reader.done) values.push(kind.read(reader));
      reader.leave(outer);
      return true;
    },
    write(writer, value) {
      if (!Array.isArray(value)) throw mustBe('an array', value);
      const before = writer.length;
      for (const one of value.toReversed()) {
        if (packable && packed) kind.write(writer, one);
        else writeOne(writer, id, kind, one);
      }
      if (!packable || !packed || value.length === 0) return;
      writer.delimit(before);
      writer.varint(id * 8 + DELIMITED);
    },
  };
}

/** An empty message, as its length. */
const LENGTH_ZERO = Buffer.of(0);

/** A map: a plain object, whose names are the keys as text. */
export function map(id: number, name: string, keyType: string, key: Kind, kind: Kind): Field {
  const entry = [single(1, 'key', key, undefined), single(2, 'value', kind, undefined)];
  return {
    id,
    name,
    begin(message) {
      message[name] = {};
    },
    read(reader, wire, message) {
      if (wire !== DELIMITED) return false;
      const pair: Message = {};
      for (const part of entry) part.begin(pair);
      const outer = reader.enter();
      for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
        const part = entry[(tag >>> 3) - 1];
        if (part === undefined || !part.read(reader, tag & 7, pair)) reader.skip(tag);
      }
      reader.leave(outer);
      // A map has no absent messages: an absent value is an empty message.
      const value = pair['value'] ?? kind.read(new Reader(LENGTH_ZERO));
      // A key may be `__proto__`, which only defineProperty makes a property.
      const property = { value, enumerable: true, configurable: true, writable: true };
      Object.defineProperty(message[name], String(pair['key']), property);
      return true;
    },
    write(writer, value) {
      if (typeof value !== 'object' || value === null || Array.isArray(value)) throw mustBe('an object', value);
      for (const [text, one] of Object.entries(value).toReversed()) {
        const before = writer.length;
        writeOne(writer, 2, kind, one);
        writeOne(writer, 1, key, keyOf(keyType, text));
        writer.delimit(before);
        writer.varint(id * 8 + DELIMITED);
      }
    },
  };
}

/** Reads a key from its text. */
function keyOf(type: string, text: string): unknown {
  if (type === 'string') return text;
  if (type === 'bool') return text === 'true' ? true : text === 'false' ? false : text;
  if (!/^-?\d+$/.test(text)) throw new ValueError(`must have keys of the type ${type}`);
  return type.endsWith('64') ? BigInt(text) : Number(text);
}

/** An enum: the names of its numbers, or with `names` false the numbers themselves. Unknown numbers stay numbers. */
export function enumeration(values: Readonly<Record<string, number>>, names: boolean): Kind {
  const numbers = new Map(Object.entries(values));
  const known = new Map(
    names
      ? Object.entries(values)
          .map(([name, number]) => [number, name] as const)
          .toReversed()
      : [],
  );
  const wordOf = (number: number): string | number => known.get(number) ?? number;
  return {
    wire: VARINT,
    absent: wordOf([...numbers.values()][0] ?? 0),
    read(reader) {
      reader.varint();
      return wordOf(reader.low);
    },
    write(writer, value) {
      const number = typeof value === 'string' ? numbers.get(value) : value;
      if (number === undefined) throw new ValueError(`must be one of ${[...numbers.keys()].join(', ')}`);
      int32.write(writer, number);
    },
  };
}
