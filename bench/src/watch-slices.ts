// Slices of watches: their events, one write to many of them, and their registration.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Subject } from './clients/subject.ts';
import { type Slice, type SliceTask, quantile, startCpu } from './measuring.ts';
import { FAN_OUT_KEY, KEY, VALUE, WATCHES, WATCH_PREFIX, key } from './workload.ts';

/** How often a slice without an event is looked at again. */
const LATE_MS = 10;

/** Counts from the first event on, without the registration. A missing or repeated event fails the slice. */
export async function watchSlice(subject: Subject, { millis, leadMillis }: SliceTask): Promise<Slice> {
  let events = 0;
  let bytes = 0;
  let first: bigint | string = 0n;
  let last: bigint | string = 0n;
  let begin = (): void => undefined;
  const begun = new Promise<void>((resolve) => (begin = resolve));
  const watching = await subject.watch?.(WATCH_PREFIX, (revision, size) => {
    if (events === 0) {
      first = revision;
      begin();
    }
    events++;
    last = revision;
    bytes += size;
  });
  await begun;
  await sleep(leadMillis);
  const measured = startCpu();
  const before = events;
  await sleep(millis);
  while (events === before) await sleep(LATE_MS);
  const slice = { operations: events - before, ...measured() };
  const span = Number(last) - Number(first) + 1;
  if (events !== span) throw new Error(`${events} events over ${span} revisions`);
  const each = KEY.length - subject.cut + VALUE.length;
  if (bytes !== events * each) throw new Error(`${events} events had ${bytes} bytes`);
  await watching?.stop();
  return slice;
}

/** One write after the other goes to 1,000 watches of one key. The next one is made when all have received the last. */
export async function fanOutSlice(open: () => Subject, { millis, leadMillis }: SliceTask): Promise<Slice> {
  const subject = open();
  let missing = 0;
  let bytes = 0;
  let arrived = (): void => undefined;
  const onEvent = (_revision: bigint | string, size: number): void => {
    bytes += size;
    if (--missing === 0) arrived();
  };
  const keys = Array.from({ length: WATCHES }, () => FAN_OUT_KEY);
  const held = await subject.watches?.(keys, onEvent);
  const latencies: number[] = [];
  const run = async (duration: number): Promise<void> => {
    latencies.length = bytes = 0;
    for (let from = performance.now(), end = from + duration; from < end;) {
      missing = WATCHES;
      const delivered = new Promise<void>((resolve) => (arrived = resolve));
      await Promise.all([subject.put(FAN_OUT_KEY, VALUE), delivered]);
      const now = performance.now();
      latencies.push(now - from);
      from = now;
    }
  };
  await run(leadMillis);
  const measured = startCpu();
  await run(millis);
  const spent = measured();
  const operations = latencies.length * WATCHES;
  const expected = operations * (FAN_OUT_KEY.length - subject.cut + VALUE.length);
  if (held === undefined || bytes !== expected) throw new Error(`${operations} deliveries had ${bytes} bytes`);
  await subject.close();
  latencies.sort((a, b) => a - b);
  return { operations, ...spent, p50Millis: quantile(latencies, 0.5), p99Millis: quantile(latencies, 0.99) };
}

/** Uses a client of its own, which a get has connected, so that every slice starts without a watch. */
export async function watchesSlice(open: () => Subject): Promise<Slice> {
  const subject = open();
  await subject.get(KEY);
  const keys = Array.from({ length: WATCHES }, (_, i) => key(i));
  const measured = startCpu();
  const held = await subject.watches?.(keys);
  const slice = { operations: WATCHES, ...measured() };
  if (held === undefined) throw new Error('there are no watches');
  await subject.close();
  return slice;
}
