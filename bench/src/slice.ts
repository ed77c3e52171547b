// Runs one slice of load on one client, and measures the cost in the client's own process.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Subject } from './clients/subject.ts';
import { KEY, RANGE_PREFIX, VALUE, WATCHES, WATCH_PREFIX, key, type Operation } from './workload.ts';

/** The measurements of a slice. It has latencies only if single operations have one. */
export interface Slice {
  readonly operations: number;
  readonly millis: number;
  /** The user and system time of all threads. */
  readonly cpuMicros: number;
  readonly p50Millis: number | undefined;
  readonly p99Millis: number | undefined;
}

/** The parameters of a slice. */
export interface SliceTask {
  readonly operation: Operation;
  readonly millis: number;
  readonly concurrency: number;
}

const steps: Readonly<Record<'put' | 'get' | 'txn' | 'range', (subject: Subject, i: number) => Promise<unknown>>> = {
  put: (subject, i) => subject.put(key(i), VALUE),
  get: (subject) => subject.get(KEY),
  txn: (subject, i) => subject.txn(key(i), VALUE),
  range: (subject) => subject.range(RANGE_PREFIX),
};

function cpuMicros(since?: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(since);
  return user + system;
}

function quantile(sorted: readonly number[], q: number): number | undefined {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))];
}

async function unarySlice(subject: Subject, task: SliceTask & { operation: keyof typeof steps }): Promise<Slice> {
  const step = steps[task.operation];
  const latencies: number[] = [];
  let started = 0;
  const cpu = process.cpuUsage();
  const start = performance.now();
  const deadline = start + task.millis;
  const lane = async (): Promise<void> => {
    for (let from = performance.now(); from < deadline;) {
      await step(subject, started++);
      const now = performance.now();
      latencies.push(now - from);
      from = now;
    }
  };
  await Promise.all(Array.from({ length: task.concurrency }, lane));
  const millis = performance.now() - start;
  const spent = cpuMicros(cpu);
  latencies.sort((a, b) => a - b);
  return {
    operations: latencies.length,
    millis,
    cpuMicros: spent,
    p50Millis: quantile(latencies, 0.5),
    p99Millis: quantile(latencies, 0.99),
  };
}

/** Counts from the first event on, without the registration. A missing or repeated event fails the slice. */
async function watchSlice(subject: Subject, millis: number): Promise<Slice> {
  let events = 0;
  let bytes = 0;
  let first: bigint | string = 0n;
  let last: bigint | string = 0n;
  let begin = (): void => undefined;
  const begun = new Promise<void>((resolve) => (begin = resolve));
  const watching = await subject.watch(WATCH_PREFIX, (revision, size) => {
    if (events === 0) {
      first = revision;
      begin();
    }
    events++;
    last = revision;
    bytes += size;
  });
  await begun;
  const cpu = process.cpuUsage();
  const start = performance.now();
  const before = events;
  await sleep(millis);
  const slice = {
    operations: events - before,
    millis: performance.now() - start,
    cpuMicros: cpuMicros(cpu),
    p50Millis: undefined,
    p99Millis: undefined,
  };
  const span = Number(last) - Number(first) + 1;
  if (events !== span) throw new Error(`${events} events over ${span} revisions`);
  if (bytes !== events * (KEY.length + VALUE.length)) throw new Error(`${events} events had ${bytes} bytes`);
  await watching.stop();
  return slice;
}

/** Uses a client of its own, which a get has connected, so that every slice starts without a watch. */
async function watchesSlice(open: () => Subject): Promise<Slice> {
  const subject = open();
  await subject.get(KEY);
  const keys = Array.from({ length: WATCHES }, (_, i) => key(i));
  const cpu = process.cpuUsage();
  const start = performance.now();
  await subject.watches(keys);
  const millis = performance.now() - start;
  const spent = cpuMicros(cpu);
  await subject.close();
  return { operations: WATCHES, millis, cpuMicros: spent, p50Millis: undefined, p99Millis: undefined };
}

export function runSlice(open: () => Subject, subject: Subject, task: SliceTask): Promise<Slice> {
  const { operation } = task;
  if (operation === 'watches') return watchesSlice(open);
  if (operation === 'watch') return watchSlice(subject, task.millis);
  return unarySlice(subject, { ...task, operation });
}
