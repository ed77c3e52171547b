// Checks the content of the first answer, so that a client that fails fast cannot win.
import type { Subject } from './clients/subject.ts';
import { KEY, RANGE_KEYS, RANGE_PREFIX, RANGE_VALUE, VALUE, type Operation, rangeKey } from './workload.ts';

function expectValue(value: Buffer | undefined): void {
  if (value === undefined || !value.equals(VALUE)) throw new Error(`expected the seeded value, got ${String(value)}`);
}

export async function verify(subject: Subject, operation: Operation): Promise<void> {
  if (operation === 'put') {
    const revision = await subject.put(KEY, VALUE);
    if (!(Number(revision) > 1)) throw new Error(`expected a revision, got ${revision}`);
  } else if (operation === 'get') {
    expectValue(await subject.get(KEY));
  } else if (operation === 'txn') {
    expectValue(await subject.txn(KEY, VALUE));
  } else if (operation === 'range') {
    const expected = RANGE_KEYS * (rangeKey(0).length + RANGE_VALUE.length);
    const bytes = await subject.range(RANGE_PREFIX);
    if (bytes !== expected) throw new Error(`expected ${expected} bytes, got ${bytes}`);
  }
}
