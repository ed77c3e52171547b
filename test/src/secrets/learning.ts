// Finds what is secret in what goes to a client and to etcd, so that no test has to name it.
import type { KnownSecrets, SecretKind } from './known-secrets.ts';

/** The fields of etcd's messages, and of what is made into them, that hold secrets. */
const FIELDS: Readonly<Record<string, SecretKind>> = {
  key: 'data',
  value: 'data',
  rangeEnd: 'data',
  password: 'credential',
  token: 'credential',
};

const isSecret = (value: unknown): value is string | Uint8Array =>
  typeof value === 'string' || value instanceof Uint8Array;

/** Learns the secrets in a message, options or an operation, and those in what it holds. */
export function learnFrom(secrets: KnownSecrets, holder: unknown, depth = 6): void {
  if (typeof holder !== 'object' || holder === null || ArrayBuffer.isView(holder) || depth === 0) return;
  for (const [name, value] of Object.entries(holder)) {
    const kind = FIELDS[name];
    if (kind !== undefined && isSecret(value)) learnKey(secrets, kind, value);
    else if (name === 'metadata') learnMetadata(secrets, value);
    else learnFrom(secrets, value, depth - 1);
  }
  const { name, password } = holder as Record<string, unknown>;
  if (password !== undefined && isSecret(name)) secrets.learn('data', name);
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
  for (const value of Object.values(metadata ?? {}).flat()) if (isSecret(value)) secrets.learn('credential', value);
}

/** A key is a path of names: whoever shows the beginning of one, as a namespace's prefix, shows a secret too. */
function learnKey(secrets: KnownSecrets, kind: SecretKind, key: string | Uint8Array): void {
  secrets.learn(kind, key);
  if (typeof key !== 'string' && key.length > 1_000) return;
  const text = Buffer.from(key).toString('latin1');
  for (let end = text.indexOf('/'); end >= 0 && end < 32; end = text.indexOf('/', end + 1)) {
    secrets.learn(kind, Buffer.from(text.slice(0, end + 1), 'latin1'));
  }
}
