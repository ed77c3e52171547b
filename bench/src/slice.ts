// Runs one slice of load on one client, and measures the cost in the client's own process.
import type { Subject } from './clients/subject.ts';
import type { Slice, SliceTask } from './measuring.ts';
import { memorySlice } from './memory.ts';
import { unarySlice } from './unary-slice.ts';
import { fanOutSlice, watchSlice, watchesSlice } from './watch-slices.ts';

export function runSlice(open: () => Subject, subject: Subject, task: SliceTask): Promise<Slice> {
  const { operation } = task;
  switch (operation) {
    case 'watch':
    case 'watch-100':
      return watchSlice(subject, task);
    case 'fan-out':
      return fanOutSlice(open, task);
    case 'watches':
      return watchesSlice(open);
    case 'watch-memory':
    case 'reader-memory':
      return memorySlice(open, operation);
    case 'leases':
    case 'lease-memory':
      throw new Error('leases are held, not measured in slices');
    default:
      return unarySlice(subject, { ...task, operation });
  }
}
