// Finds what is secret in what goes to a client and to etcd, so that no test has to name it.
import { types } from 'node:util';
import { SHORTEST, type KnownSecrets, type SecretKind } from './known-secrets.ts';

/** The fields of etcd's messages, and of what is made into them, that hold secrets. */
const FIELDS: Readonly<Record<string, SecretKind>> = {
  key: 'data',
  value: 'data',
  rangeEnd: 'data',
  password: 'credential',
  token: 'credential',
};

const isSecret = (value: unknown): value is string | Uint8Array =>
  typeof value === 'string' || (types.isUint8Array(value) && isPlain(value));

/** What is read without running any code of a test: some are about keys that lie, or change while they are read. */
const isPlain = (value: object): boolean =>
  !types.isProxy(value) &&
  [Object.prototype, Array.prototype, Buffer.prototype, Uint8Array.prototype, null].includes(
    Object.getPrototypeOf(value) as object,
  );

/** The fields that are values, not code. */
function* fieldsOf(holder: unknown): Generator<[name: string, value: unknown]> {
  if (typeof holder !== 'object' || holder === null || ArrayBuffer.isView(holder) || !isPlain(holder)) return;
  for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(holder))) yield [name, value];
}

/** Learns the secrets in a message, options or an operation, and those in what it holds. */
export function learnFrom(secrets: KnownSecrets, holder: unknown, depth = 6): void {
  if (depth === 0) return;
  const fields = [...fieldsOf(holder)];
  const withPassword = fields.some(([name]) => name === 'password');
  for (const [name, value] of fields) {
    const kind = name === 'name' && withPassword ? 'data' : FIELDS[name];
    if (kind !== undefined && isSecret(value)) learnKey(secrets, kind, value);
    else if (name === 'metadata') learnMetadata(secrets, value);
    else learnFrom(secrets, value, depth - 1);
  }
}

/** Learns the keys and values among the arguments of a method, and what the others hold. */
export function learnArguments(secrets: KnownSecrets, args: readonly unknown[]): void {
  for (const one of args) {
    if (isSecret(one)) learnKey(secrets, 'data', one);
    else learnFrom(secrets, one);
  }
}

/** Learns the values of a call's metadata: tokens, and whatever else an application sends along. */
export function learnMetadata(secrets: KnownSecrets, metadata: unknown): void {
  for (const [name, value] of fieldsOf(metadata)) {
    const kind = name === 'token' || name === 'authorization' ? 'credential' : 'data';
    for (const one of [value].flat()) if (isSecret(one)) learnText(secrets, kind, one);
  }
}

/** A key is a path of names: whoever shows the beginning of one, as a namespace's prefix, shows a secret too. */
function learnKey(secrets: KnownSecrets, kind: SecretKind, key: string | Uint8Array): void {
  learnText(secrets, kind, key);
  const text = Buffer.from(key.slice(0, 100)).toString('latin1');
  for (let end = text.indexOf('/'); end >= 0; end = text.indexOf('/', end + 1)) {
    secrets.learn(kind, Buffer.from(text.slice(0, end + 1), 'latin1'));
  }
}

/** A text that is printed with escapes, as one with a line break or half a surrogate, is found by what is around them. */
function learnText(secrets: KnownSecrets, kind: SecretKind, text: string | Uint8Array): void {
  secrets.learn(kind, text);
  if (kind === 'credential' && text.length > 0 && text.length < SHORTEST) secrets.tooShort++;
  if (typeof text !== 'string' || !/[\p{C}'"\\]/u.test(text)) return;
  for (const part of text.split(/[\p{C}'"\\]/u)) if (part.length >= SHORTEST) secrets.learn(kind, part);
}
