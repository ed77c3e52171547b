// Measures what watches and leases hold.
import type { Subject } from './clients/subject.ts';
import { type Slice, heldBytes, startCpu } from './measuring.ts';
import { KEY, LEASES, LEASE_TTL, WATCHES, key } from './workload.ts';

/** Uses a client of its own with one watch, so that what all watches share is not counted. */
export async function memorySlice(open: () => Subject, operation: 'watch-memory' | 'reader-memory'): Promise<Slice> {
  const subject = open();
  await subject.get(KEY);
  const onEvent = operation === 'reader-memory' ? (): void => undefined : undefined;
  const held = [await subject.watches?.([key(0)], onEvent)];
  const keys = Array.from({ length: WATCHES }, (_, i) => key(i));
  const before = await heldBytes();
  const measured = startCpu();
  held.push(await subject.watches?.(keys, onEvent));
  const spent = measured();
  // `keys` are counted in neither.
  const slice = { operations: WATCHES, ...spent, heldBytes: (await heldBytes()) - before };
  held.length = 0;
  await subject.close();
  return slice;
}

/** Leases that are kept alive while slices are measured. */
export class HeldLeases {
  private readonly before: number;
  private readonly leases: object | undefined;
  private measured = startCpu();

  private constructor(before: number, leases: object | undefined) {
    this.before = before;
    this.leases = leases;
  }

  static async hold(subject: Subject): Promise<HeldLeases> {
    const before = await heldBytes();
    return new HeldLeases(before, await subject.leases?.(LEASES, LEASE_TTL));
  }

  /** Begins a slice. */
  begin(): void {
    this.measured = startCpu();
  }

  /** Ends a slice. The server counts the renewals. */
  end(): Slice {
    return { operations: NaN, ...this.measured() };
  }

  /** The memory of all leases. */
  async memory(): Promise<Slice> {
    const { millis, cpuMicros } = this.end();
    const slice = { operations: LEASES, millis, cpuMicros, heldBytes: (await heldBytes()) - this.before };
    if (this.leases === undefined) throw new Error('there are no leases');
    return slice;
  }
}
