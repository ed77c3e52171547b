// A leader with a blocked event loop, in a thread of its own: it leads, stands still until it is woken, and writes without a look around.
import { parentPort, workerData } from 'node:worker_threads';
import { election, openSession } from '@etcdts/concurrency';
import { createClient, isEtcdError, op, type TlsOptions } from '@etcdts/core';
import { withNamespace } from '@etcdts/namespace';

/** What the thread is started with. */
export interface AliceData {
  readonly endpoint: string;
  readonly tls: TlsOptions | undefined;
  readonly prefix: string;
  readonly ttl: number;
  /** The event loop is blocked for as long as its first number is 0. */
  readonly sleep: Int32Array;
}

/** What the thread sends: that it leads, and what it saw after it was woken. */
export type AliceMessage =
  | { readonly type: 'leads'; readonly token: bigint }
  | { readonly type: 'wrote'; readonly signal: string; readonly succeeded: boolean };

const { endpoint, tls, prefix, ttl, sleep } = workerData as AliceData;
const send = (message: AliceMessage): void => parentPort?.postMessage(message);

await using client = createClient({ endpoints: endpoint, tls });
const own = withNamespace(client, prefix);
await using session = await openSession(own, { ttl });
const leadership = await election(session, 'captain').campaign('alice');
send({ type: 'leads', token: leadership.revision });
Atomics.wait(sleep, 0, 0);
const { aborted, reason } = leadership.signal;
const signal = aborted ? (isEtcdError(reason) ? reason.code : String(reason)) : 'open';
const { succeeded } = await own.kv.txn({ if: [leadership.isLeader()], then: [op.put('course', 'north')] });
send({ type: 'wrote', signal, succeeded });
