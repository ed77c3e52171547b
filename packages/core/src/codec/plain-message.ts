import { isUtf8 } from 'node:buffer';

/** Bytes in JSON: text, or base64 if they are not UTF-8. */
export type BytesJson = string | { readonly base64: string };

/**
 * The class of what the client returns if an object holds a bigint or bytes itself. Its data are own enumerable properties,
 * and `toJSON` is inherited. `constructor` is Object's, so that libraries that compare constructors (uvu, Jest's
 * `toStrictEqual`, fast-deep-equal) treat an instance as equal to a literal with the same properties.
 */
export class PlainMessage {
  static {
    passForLiterals(this);
  }

  /** The properties for JSON: bigints as decimal text, bytes as text or `{ base64 }`. */
  toJSON(): Record<string, unknown> {
    return Object.fromEntries(Object.entries(this).map(([name, value]) => [name, jsonOf(value)]));
  }
}

/** Makes a response, or another message, of these fields. It is plain data that `JSON.stringify` accepts. */
export function plainMessage<Fields extends object>(fields: Fields): Fields {
  return Object.assign(new PlainMessage(), fields);
}

/** Gives the instances of a class the constructor of object literals. */
export function passForLiterals(type: { readonly prototype: object }): void {
  Object.defineProperty(type.prototype, 'constructor', { value: Object });
}

function jsonOf(value: unknown): unknown {
  if (typeof value === 'bigint') return String(value);
  if (value instanceof Uint8Array) return jsonBytes(value);
  return Array.isArray(value) ? value.map(jsonOf) : value;
}

/** Bytes for JSON: as text if they are UTF-8, otherwise in base64. */
export function jsonBytes(bytes: Uint8Array): BytesJson {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  return isUtf8(buffer) ? buffer.toString() : { base64: buffer.toString('base64') };
}
