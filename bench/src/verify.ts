// Checks the content of the first answer, so that a client that fails fast cannot win.
import type { Subject } from './clients/subject.ts';
import {
  KEY,
  LARGE_KEY,
  LARGE_VALUE,
  MANY_KEYS,
  MANY_PREFIX,
  RANGE_KEYS,
  RANGE_PREFIX,
  RANGE_VALUE,
  VALUE,
  keyBelow,
  type Operation,
} from './workload.ts';

function expectValue(value: Buffer | undefined, expected: Buffer = VALUE): void {
  if (value === undefined || !value.equals(expected))
    throw new Error(`expected the seeded value, got ${String(value)}`);
}

function expectBytes(bytes: number | undefined, prefix: string, keys: number, { cut }: Subject): void {
  const expected = keys * (keyBelow(prefix, 0).length - cut + RANGE_VALUE.length);
  if (bytes !== expected) throw new Error(`expected ${expected} bytes, got ${bytes}`);
}

function expectRevision(revision: bigint | string): void {
  if (!(Number(revision) > 1)) throw new Error(`expected a revision, got ${revision}`);
}

export async function verify(subject: Subject, operation: Operation): Promise<void> {
  switch (operation) {
    case 'put':
    case 'tls-put':
      return expectRevision(await subject.put(KEY, VALUE));
    case 'large-put':
      return expectRevision(await subject.put(LARGE_KEY, LARGE_VALUE));
    case 'get':
      return expectValue(await subject.get(KEY));
    case 'large-get':
      return expectValue(await subject.get(LARGE_KEY), LARGE_VALUE);
    case 'txn':
      return expectValue(await subject.txn(KEY, VALUE));
    case 'range':
    case 'tls-range':
      return expectBytes(await subject.range(RANGE_PREFIX), RANGE_PREFIX, RANGE_KEYS, subject);
    case 'keys':
      return expectBytes(await subject.range(MANY_PREFIX), MANY_PREFIX, MANY_KEYS, subject);
    case 'pages':
      return expectBytes(await subject.pages?.(MANY_PREFIX), MANY_PREFIX, MANY_KEYS, subject);
    default:
  }
}
