// The process of one client. It opens the client, runs slices on request, and answers over IPC.
//   node dist/worker.js <client>
import { inBatches } from './batches.ts';
import { type NodeClientName, subjects } from './clients/index.ts';
import type { Subject, Target } from './clients/subject.ts';
import { HeldLeases } from './memory.ts';
import type { SliceTask } from './measuring.ts';
import { runSlice } from './slice.ts';
import { verify } from './verify.ts';
import {
  KEYS,
  LARGE_KEY,
  LARGE_VALUE,
  MANY_KEYS,
  MANY_PREFIX,
  RANGE_KEYS,
  RANGE_PREFIX,
  RANGE_VALUE,
  VALUE,
  WATCH_PREFIX,
  keyBelow,
  type Operation,
} from './workload.ts';

/** A message to a worker. The program of `bench/go/client` takes the same ones, as lines of JSON. */
export type Task =
  | ({ readonly type: 'open'; readonly operation: Operation } & Target)
  | ({ readonly type: 'slice' } & SliceTask)
  | { readonly type: 'seed' }
  /** Leases are kept from `hold` to `close`; `begin` and `end` enclose a slice. */
  | { readonly type: 'hold' | 'begin' | 'end' | 'memory' }
  | { readonly type: 'close' };

const connect = subjects[process.argv[2] as NodeClientName];
let target: Target = { address: '' };
let subject: Subject | undefined;
let held: HeldLeases | undefined;

/** Writes the keys that the workload reads. */
async function seed(client: Subject): Promise<void> {
  const kinds: readonly [string, number, Buffer][] = [
    [WATCH_PREFIX, KEYS, VALUE],
    [RANGE_PREFIX, RANGE_KEYS, RANGE_VALUE],
    [MANY_PREFIX, MANY_KEYS, RANGE_VALUE],
  ];
  for (const [prefix, count, value] of kinds) {
    await inBatches(count, (index) => client.put(keyBelow(prefix, index), value));
  }
  await client.put(LARGE_KEY, LARGE_VALUE);
}

async function run(task: Task): Promise<unknown> {
  if (task.type === 'open') {
    target = task;
    subject = connect(target);
    return verify(subject, task.operation);
  }
  if (subject === undefined) throw new Error(`${task.type} before open`);
  switch (task.type) {
    case 'slice':
      return runSlice(() => connect(target), subject, task);
    case 'seed':
      return seed(subject);
    case 'hold':
      held = await HeldLeases.hold(subject);
      return undefined;
    case 'begin':
      return held?.begin();
    case 'end':
      return held?.end();
    case 'memory':
      return held?.memory();
    case 'close':
      held = undefined;
      await subject.close();
      return process.resourceUsage().maxRSS;
  }
}

process.on('message', (task: Task) => {
  run(task).then(
    (result) => process.send?.({ result }),
    (error: unknown) => process.send?.({ error: error instanceof Error ? error.stack : String(error) }),
  );
});
process.on('disconnect', () => process.exit(0));
