// Slices of calls that are counted and timed one by one.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Subject } from './clients/subject.ts';
import { type Slice, type SliceTask, quantile, startCpu } from './measuring.ts';
import { KEY, LARGE_KEY, LARGE_VALUE, MANY_PREFIX, RANGE_PREFIX, VALUE, key, type UnaryOperation } from './workload.ts';

type Step = (subject: Subject, i: number) => Promise<unknown>;

const steps: Readonly<Record<UnaryOperation, Step>> = {
  put: (subject, i) => subject.put(key(i), VALUE),
  'tls-put': (subject, i) => subject.put(key(i), VALUE),
  get: (subject) => subject.get(KEY),
  txn: (subject, i) => subject.txn(key(i), VALUE),
  range: (subject) => subject.range(RANGE_PREFIX),
  'tls-range': (subject) => subject.range(RANGE_PREFIX),
  keys: (subject) => subject.range(MANY_PREFIX),
  pages: (subject) => subject.pages?.(MANY_PREFIX) ?? missing('pages'),
  'large-get': (subject) => subject.get(LARGE_KEY),
  'large-put': (subject) => subject.put(LARGE_KEY, LARGE_VALUE),
  snapshot: (subject) => subject.snapshot?.() ?? missing('snapshot'),
};

function missing(what: string): never {
  throw new Error(`the client has no ${what}`);
}

export async function unarySlice(
  subject: Subject,
  { operation, concurrency, millis, leadMillis, rate }: SliceTask & { operation: UnaryOperation },
): Promise<Slice> {
  const step = steps[operation];
  const run = (duration: number): Promise<number[]> =>
    rate === undefined ? closedLoop(subject, step, concurrency, duration) : paced(subject, step, rate, duration);
  if (leadMillis > 0) await run(leadMillis);
  const measured = startCpu();
  const latencies = await run(millis);
  const spent = measured();
  latencies.sort((a, b) => a - b);
  return {
    operations: latencies.length,
    ...spent,
    p50Millis: quantile(latencies, 0.5),
    p99Millis: quantile(latencies, 0.99),
  };
}

/** Each of the callers makes one call after the other. */
async function closedLoop(subject: Subject, step: Step, callers: number, millis: number): Promise<number[]> {
  const latencies: number[] = [];
  let started = 0;
  const deadline = performance.now() + millis;
  const lane = async (): Promise<void> => {
    for (let from = performance.now(); from < deadline;) {
      await step(subject, started++);
      const now = performance.now();
      latencies.push(now - from);
      from = now;
    }
  };
  await Promise.all(Array.from({ length: callers }, lane));
  return latencies;
}

/** Calls begin at a steady rate, however long they take. */
async function paced(subject: Subject, step: Step, rate: number, millis: number): Promise<number[]> {
  const latencies: number[] = [];
  const calls: Promise<unknown>[] = [];
  const start = performance.now();
  for (let now = start; now - start < millis; now = performance.now()) {
    const due = Math.floor(((now - start) * rate) / 1_000);
    while (calls.length < due) {
      const from = now;
      calls.push(step(subject, calls.length).then(() => latencies.push(performance.now() - from)));
    }
    await sleep(1);
  }
  await Promise.all(calls);
  return latencies;
}
