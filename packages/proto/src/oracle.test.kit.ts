// protobufjs, whose messages ours are compared with, and random messages of its types.
import { createRequire } from 'node:module';
import fc from 'fast-check';
import type protobufjs from 'protobufjs';

const protobuf = createRequire(import.meta.url)('protobufjs') as typeof protobufjs;

/** Reads a protocol as the text of proto files. */
export function parse(...files: readonly string[]): protobufjs.Root {
  const root = new protobuf.Root();
  for (const file of files) protobuf.parse(file, root);
  root.resolveAll();
  return root;
}

/** A message as protobufjs writes it, given in the form in which ours are. */
export function write(type: protobufjs.Type, message: object): Buffer {
  return Buffer.from(type.encode(type.fromObject(message as Record<string, unknown>)).finish());
}

/** A message as protobufjs reads it, in the form in which ours are. */
export function read(type: protobufjs.Type, bytes: Buffer): object {
  return type.toObject(type.decode(bytes), { longs: BigInt, enums: String, defaults: true, oneofs: true });
}

const signed = (bits: bigint): fc.Arbitrary<bigint> => {
  const [min, max] = [-(2n ** (bits - 1n)), 2n ** (bits - 1n) - 1n];
  return fc.oneof(fc.constantFrom(0n, 1n, -1n, 127n, 128n, min, max), fc.bigInt({ min, max }));
};
const unsigned = (bits: bigint): fc.Arbitrary<bigint> => {
  const max = 2n ** bits - 1n;
  return fc.oneof(fc.constantFrom(0n, 1n, 127n, 128n, max), fc.bigInt({ min: 0n, max }));
};
const small = (values: fc.Arbitrary<bigint>): fc.Arbitrary<number> => values.map(Number);

const scalars: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  double: fc.double(),
  float: fc.float(),
  int32: small(signed(32n)),
  sint32: small(signed(32n)),
  sfixed32: small(signed(32n)),
  uint32: small(unsigned(32n)),
  fixed32: small(unsigned(32n)),
  int64: signed(64n),
  sint64: signed(64n),
  sfixed64: signed(64n),
  uint64: unsigned(64n),
  fixed64: unsigned(64n),
  bool: fc.boolean(),
  string: fc.string({ unit: 'binary', maxLength: 40 }),
  bytes: fc.uint8Array({ maxLength: 40 }).map((array) => Buffer.from(array)),
};

function values(field: protobufjs.Field, depth: number): fc.Arbitrary<unknown> {
  const { resolvedType, type } = field;
  if (resolvedType === null) return scalars[type] as fc.Arbitrary<unknown>;
  if ('values' in resolvedType) return fc.constantFrom(...Object.keys(resolvedType.values));
  return messages(resolvedType, depth - 1);
}

/** Random messages of a type, nested to `depth`, of each oneof at most one field. */
export function messages(type: protobufjs.Type, depth = 3): fc.Arbitrary<object> {
  const model: Record<string, fc.Arbitrary<unknown>> = {};
  for (const field of type.fieldsArray) {
    const kind = field.resolvedType;
    if (kind !== null && !('values' in kind) && depth === 0) continue;
    const one = values(field, depth);
    if (field instanceof protobuf.MapField) model[field.name] = fc.dictionary(keys(field), one, { maxKeys: 3 });
    else model[field.name] = field.repeated ? fc.array(one, { maxLength: 3 }) : one;
  }
  return fc.record(model, { requiredKeys: [] }).map((message) => {
    const rest: Record<string, unknown> = { ...message };
    for (const { oneof } of type.oneofsArray) {
      const present = oneof.filter((name) => name in rest);
      for (const name of present.slice(1)) delete rest[name];
    }
    return rest;
  });
}

function keys({ keyType }: protobufjs.MapField): fc.Arbitrary<string> {
  if (keyType === 'string') return fc.string({ maxLength: 5 }).filter((key) => key !== '__proto__');
  return (scalars[keyType] as fc.Arbitrary<unknown>).map(String);
}
