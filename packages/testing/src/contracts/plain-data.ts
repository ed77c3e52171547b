import { isUtf8 } from 'node:buffer';
import { deepStrictEqual } from 'node:assert/strict';
import { assert } from '../suite.ts';

/**
 * Asserts that a response, or another value from the client, is plain data at every depth. All of it is in own enumerable
 * properties, so that a spread has it; `structuredClone` keeps it; `JSON.stringify` accepts it, with bigints as decimal text
 * and bytes as text or `{ base64 }`.
 */
export function assertPlainData(value: object): void {
  assertOwn(value, 'the value');
  deepStrictEqual(
    structuredClone(value),
    mapped(
      value,
      (bytes) => Uint8Array.from(bytes),
      (integer) => integer,
    ),
  );
  deepStrictEqual(JSON.parse(JSON.stringify(value)), mapped(value, jsonBytes, String));
}

function assertOwn(value: unknown, path: string): void {
  assert.not.equal(typeof value, 'function', `${path} is a function`);
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return;
  const names: string[] = [];
  for (const name in value) names.push(name);
  assert.equal(
    names,
    Object.getOwnPropertyNames(value).filter((name) => name !== 'length' || !Array.isArray(value)),
    path,
  );
  for (let type: unknown = value; type !== Object.prototype && type !== Array.prototype && type !== null;) {
    for (const [name, { get }] of Object.entries(Object.getOwnPropertyDescriptors(type as object))) {
      assert.is(get, undefined, `${path} gives ${name} by a getter`);
    }
    type = Object.getPrototypeOf(type) as unknown;
  }
  for (const [name, field] of Object.entries(value)) assertOwn(field, `${path}.${name}`);
}

/** Copies a value into objects without a class, with its bytes and bigints converted. */
function mapped(value: unknown, bytes: (value: Uint8Array) => unknown, integer: (value: bigint) => unknown): unknown {
  if (typeof value === 'bigint') return integer(value);
  if (value instanceof Uint8Array) return bytes(value);
  if (Array.isArray(value)) return value.map((each) => mapped(each, bytes, integer));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, mapped(field, bytes, integer)]));
}

function jsonBytes(bytes: Uint8Array): unknown {
  const buffer = Buffer.from(bytes);
  return isUtf8(buffer) ? buffer.toString() : { base64: buffer.toString('base64') };
}
