// One of the two processes: it campaigns, counts for as long as it leads, and campaigns again. It has two counters, one in etcd and one
// outside, and takes care that nobody else writes them at the same time.
//   ETCD_ENDPOINTS=localhost:2379 RESOURCE=http://127.0.0.1:8080/ node examples/leader/dist/worker.js <name> <prefix>
import { setTimeout as sleep } from 'node:timers/promises';
import { election, lead, renewingSession, type Leadership } from '@etcdts/concurrency';
import { createClient, isEtcdError, op } from '@etcdts/core';
import { offer } from './offer.ts';

const TTL_SECONDS = 2;
const CALL_MS = 1_000;
const WORK_MS = 150;

const [name = 'worker', prefix = 'leader/'] = process.argv.slice(2);
const endpoints = (process.env['ETCD_ENDPOINTS'] ?? 'localhost:2379').split(',');
const resource = process.env['RESOURCE'] ?? '';
const counter = `${prefix}counter`;
const stopping = new AbortController();
process.once('SIGTERM', () => stopping.abort(new Error('SIGTERM')));

/** The work of a step: nothing else runs in this process meanwhile. */
function compute(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, WORK_MS);
}

/** Counts in etcd, which checks in the same transaction that the leadership still holds. */
async function countInEtcd(leadership: Leadership, count: number): Promise<boolean> {
  const put = op.put(counter, JSON.stringify({ count, token: String(leadership.revision) }));
  const { succeeded } = await client.kv.txn({ if: [leadership.isLeader()], then: [put] }, { timeoutMs: CALL_MS });
  return succeeded;
}

async function term(signal: AbortSignal, leadership: Leadership): Promise<void> {
  const { revision: token } = leadership;
  // From here on, the resource refuses the leaders before this one; what it answers does not change under our feet.
  const claimed = await offer(resource, token);
  if (claimed === undefined) return;
  let outside = claimed;
  const [stored] = (await client.kv.get(counter, { signal })).kvs;
  let inEtcd = stored === undefined ? 0 : stored.json<{ count: number }>().count;
  console.log(`leads with the token ${token}, goes on from ${inEtcd} and ${outside}`);
  while (!signal.aborted) {
    console.log('computes');
    compute();
    // An application looks at `signal` here, and passes it to the calls. This one does not, so that what comes too late is sent, and
    // one sees the two guards refuse it.
    const writes = [countInEtcd(leadership, inEtcd + 1), offer(resource, token, outside + 1)] as const;
    const [first, second]: readonly [boolean, number | undefined] = await Promise.all(writes);
    if (!first) console.log('is refused by etcd: isLeader() does not hold');
    if (second === undefined) console.log(`is refused by the resource: ${token} is not the highest token`);
    if (!first || second === undefined) break;
    [inEtcd, outside] = [inEtcd + 1, second];
    await sleep(WORK_MS, undefined, { signal });
  }
  console.log('leads no more');
}

const client = createClient({ endpoints, requestTimeoutMs: 2_000 });
const session = renewingSession(client, { ttl: TTL_SECONDS });
const body = async (signal: AbortSignal, leadership: Leadership): Promise<void> => {
  try {
    await term(signal, leadership);
  } catch (error) {
    if (signal.aborted || !isEtcdError(error)) throw error;
    // What became of the write is unknown. The next leader reads the counters, and goes on from there.
    console.log(`gives up: ${error.code}`);
  }
  // `lead` campaigns again after that. If etcd does not answer, the key goes with the session.
  leadership.resign().catch(() => {});
};
try {
  await lead(election(session, `${prefix}election`), name, body, { signal: stopping.signal });
} catch (error) {
  if (error !== stopping.signal.reason) throw error;
} finally {
  await session.close().catch(() => {});
  await client.close();
}
