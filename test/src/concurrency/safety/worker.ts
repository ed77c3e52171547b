// node worker.js <seed> <ttl> <names> <endpoint>...: takes each of the locks again and again, and reports what it saw to its parent.
import { seeded } from '@etcdts/testing';
import { createClient, isEtcdError, op } from '@etcdts/core';
import { mutex, renewingSession, type Lock } from '@etcdts/concurrency';
import type { Held, Order, Report } from './messages.ts';

const [seed = '', ttl = '', names = '', ...endpoints] = process.argv.slice(2);
/** A paused process stalls the locks that it waits for, until its lease ends: few at once, so that others go on. */
const AT_ONCE = 3;
const random = seeded(Number(seed));
const free = names.split(',');
const leaving = new AbortController();
const failures: string[] = [];
const answers = new Map<number, (accepted: boolean) => void>();
const orders: Order[] = [];
let lost = 0;
let writes = 0;

const send = (report: Report): void => void process.send?.(report);
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Offers a write with a token to the resource outside of etcd, which the judge plays. */
function write(name: string, token: bigint): Promise<boolean> {
  const id = ++writes;
  send({ type: 'write', id, name, token: String(token) });
  return new Promise((resolve) => answers.set(id, resolve));
}

/** Does what the judge orders the next holder to do: to block its event loop, or to wait for the judge to stop the process. */
function stall(name: string): void {
  const order = orders.shift();
  if (order === undefined) return;
  send({ type: 'holding', name });
  if (order.type === 'block') sleep(order.ms);
  // The clock jumps when the process goes on.
  for (let waited = 0; order.type === 'hold' && waited < 3_000;) {
    const begun = performance.now();
    sleep(5);
    const passed = performance.now() - begun;
    if (passed > 500) break;
    waited += passed;
  }
}

function sleep(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

/** The work under a lock. It looks at the signal before each step, and after a pause does what it must not, to be refused. */
async function work(lock: Lock, name: string): Promise<void> {
  let first: bigint | undefined;
  let last: bigint | undefined;
  const isOpen = (): boolean => {
    const begun = process.hrtime.bigint();
    if (lock.signal.aborted) return false;
    first ??= process.hrtime.bigint();
    last = begun;
    return true;
  };
  const done = { committed: 0, refused: 0, wrong: 0 };
  const guarded = async (): Promise<void> => {
    const prefix = `${name}/`;
    const committed = await client.kv.txn({
      if: [lock.isOwner()],
      then: [
        op.put(`guarded-${name}`, String(lock.revision)),
        op.get(prefix, { prefix: true, sort: { by: 'createRevision', order: 'ascend' }, limit: 1 }),
      ],
    });
    if (!committed.succeeded) {
      done.refused++;
      return;
    }
    done.committed++;
    if (committed.responses[1].kvs[0]?.createRevision !== lock.revision) done.wrong++;
  };
  try {
    for (let steps = 1 + Math.floor(random() * 4); steps > 0 && isOpen(); steps--) {
      stall(name);
      // Without a look at the signal: a holder that was paused here must be refused by both.
      await write(name, lock.revision);
      await guarded();
      await pause(random() * 3);
    }
    isOpen();
  } catch (error) {
    if (!isEtcdError(error)) throw error;
  } finally {
    if (lock.signal.aborted) lost++;
    const open = first === undefined ? undefined : { first: String(first), last: String(last) };
    const held: Held = { name, token: String(lock.revision), open, ...done };
    send({ type: 'held', ...held });
  }
}

/** Takes one lock after the other, each chosen among those that this process does not hold or wait for. */
async function contend(): Promise<void> {
  while (!leaving.signal.aborted) {
    const name = free.splice(Math.floor(random() * free.length), 1)[0] as string;
    try {
      const lock = await mutex(session, name).lock({ signal: leaving.signal });
      await work(lock, name);
      await lock.unlock();
    } catch (error) {
      if (leaving.signal.aborted) return;
      // A lost session or key, and faults that outlast a deadline, are what this is about.
      if (!isEtcdError(error)) throw error;
      await pause(50 * random());
    } finally {
      free.push(name);
    }
  }
}

process.on('message', (order: Order) => {
  if (order.type === 'answer') {
    answers.get(order.id)?.(order.accepted);
    answers.delete(order.id);
  } else if (order.type === 'leave') leaving.abort();
  else orders.push(order);
});

const client = createClient({ endpoints, requestTimeoutMs: 3_000 });
const session = renewingSession(client, { ttl: Number(ttl) });
send({ type: 'ready' });
await Promise.all(
  Array.from({ length: AT_ONCE }, () => contend().catch((error: unknown) => void failures.push(String(error)))),
);
await session.close().catch((error: unknown) => void failures.push(`close: ${String(error)}`));
await client.close();
send({ type: 'left', lost, failures });
process.disconnect();
