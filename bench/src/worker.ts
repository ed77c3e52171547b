// The process of one client. It opens the client, runs slices on request, and answers over IPC.
//   node dist/worker.js <client>
import { type ClientName, subjects } from './clients/index.ts';
import type { Subject } from './clients/subject.ts';
import { runSlice, type SliceTask } from './slice.ts';
import { verify } from './verify.ts';
import { KEYS, RANGE_KEYS, RANGE_VALUE, VALUE, type Operation, key, rangeKey } from './workload.ts';

/** A message to a worker. */
export type Task =
  | { readonly type: 'open'; readonly address: string; readonly operation: Operation }
  | ({ readonly type: 'slice' } & SliceTask)
  | { readonly type: 'seed' }
  | { readonly type: 'close' };

const connect = subjects[process.argv[2] as ClientName];
let address = '';
let subject: Subject | undefined;

/** Writes the keys that the workload reads. */
async function seed(client: Subject): Promise<void> {
  for (let at = 0; at < KEYS; at += 100) {
    await Promise.all(Array.from({ length: 100 }, (_, i) => client.put(key(at + i), VALUE)));
  }
  for (let at = 0; at < RANGE_KEYS; at += 100) {
    await Promise.all(Array.from({ length: 100 }, (_, i) => client.put(rangeKey(at + i), RANGE_VALUE)));
  }
}

async function run(task: Task): Promise<unknown> {
  if (task.type === 'open') {
    address = task.address;
    subject = connect(address);
    return verify(subject, task.operation);
  }
  if (subject === undefined) throw new Error(`${task.type} before open`);
  if (task.type === 'slice') return runSlice(() => connect(address), subject, task);
  if (task.type === 'seed') return seed(subject);
  await subject.close();
  return process.resourceUsage().maxRSS;
}

process.on('message', (task: Task) => {
  run(task).then(
    (result) => process.send?.({ result }),
    (error: unknown) => process.send?.({ error: error instanceof Error ? error.stack : String(error) }),
  );
});
process.on('disconnect', () => process.exit(0));
