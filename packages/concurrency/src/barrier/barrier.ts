import { compare, EtcdError, keyMissing, op, type Bytes, type CallOptions, type EtcdOperations } from '@etcdts/core';
import { callOptionsOf, invalidArgument, siteOf, toKey } from '@etcdts/core/plugin';
import { untilAnswered } from '../repeat.ts';
import { checkSource, isRenewing, type SessionSource } from '../session-source.ts';
import { stateOf } from '../session-state.ts';
import { beginLimit, type Limit } from '../wait.ts';
import { untilEvent, waitingFor } from './until-event.ts';

/** Options of `Barrier.hold`. */
export interface HoldOptions extends CallOptions {
  /** A session of the barrier's client, with which the barrier goes: it is released when the session ends or its process dies. */
  session?: SessionSource | undefined;
}

/**
 * A key for which others wait until it is deleted (recipes/barrier.go). It is the key itself, as in clientv3, so that processes in
 * both languages share a barrier. Anybody may release it.
 */
export interface Barrier {
  /**
   * Creates the key, so that others wait. `KEY_EXISTS` if it is there. Without `session` the key stays until somebody releases it. A
   * lost answer rejects with `outcome: 'unknown'` and is not sent again: late, it could hold the barrier after its release.
   */
  hold(options?: HoldOptions): Promise<void>;
  /**
   * Deletes the key, so that everybody goes on. No error if there is none. It is sent again while its outcome is unknown, until
   * `timeoutMs`, by default the deadline of the client's calls; a barrier that somebody holds meanwhile stays.
   */
  release(options?: CallOptions): Promise<void>;
  /**
   * Waits until the key is deleted; returns at once if there is none. `timeoutMs` is how long to wait, by default without limit:
   * then `DEADLINE_EXCEEDED`.
   */
  wait(options?: CallOptions): Promise<void>;
}

/** Makes a barrier of a key. Sends nothing. */
export function barrier(client: EtcdOperations, key: Bytes): Barrier {
  siteOf(client);
  const bytes = toKey(key, 'key');
  return {
    hold: (options) => hold(client, bytes, options),
    release: (options) => release(client, bytes, options),
    wait: async (options) => {
      const limit = beginLimit(client, options, [], 'the barrier');
      try {
        await waitingFor('the barrier was not released', limit, () => untilReleased(client, bytes, limit));
      } finally {
        limit.end();
      }
    },
  };
}

async function hold(client: EtcdOperations, key: Buffer, options: HoldOptions | undefined): Promise<void> {
  const call = callOptionsOf<HoldOptions>(client, options, { session: true });
  const lease = await leaseOf(client, options?.session, call);
  const { succeeded } = await client.kv.txn({ if: [keyMissing(key)], then: [op.put(key, '', { lease })] }, call);
  if (succeeded) return;
  const message = 'the barrier is held: its key exists';
  throw new EtcdError({ code: 'KEY_EXISTS', message, outcome: 'not-applied' });
}

async function leaseOf(
  client: EtcdOperations,
  source: SessionSource | undefined,
  { signal, timeoutMs }: CallOptions,
): Promise<bigint | undefined> {
  if (source === undefined) return undefined;
  checkSource(source);
  if (source.client !== client) {
    throw invalidArgument('session', 'is of another client: open it with the client that the barrier was made with');
  }
  const state = stateOf(isRenewing(source) ? await source.current({ signal, timeoutMs }) : source);
  state.signal.throwIfAborted();
  return state.lease;
}

// The deletion names what was read, so that it may be sent again.
async function release(client: EtcdOperations, key: Buffer, options: CallOptions | undefined): Promise<void> {
  const site = siteOf(client);
  const { timeoutMs = site.requestTimeoutMs, ...call } = callOptionsOf<CallOptions>(client, options, {});
  const deadline = site.clock.now() + timeoutMs;
  const { kvs } = await untilAnswered(site, call, deadline, (one) => client.kv.get(key, { ...one, keysOnly: true }));
  if (kvs[0] === undefined) return;
  const same = compare.createRevision(key, '=', kvs[0].createRevision);
  await untilAnswered(site, call, deadline, (one) => client.kv.txn({ if: [same], then: [op.delete(key)] }, one));
}

/** The watch begins after the read: from the key's own revision it would begin before what may be compacted. */
async function untilReleased(client: EtcdOperations, key: Buffer, limit: Limit): Promise<void> {
  const { options, signal, deadline } = limit;
  for (;;) {
    const { header, kvs } = await untilAnswered(siteOf(client), { ...options, signal }, deadline, (one) =>
      client.kv.get(key, { ...one, keysOnly: true }),
    );
    if (kvs.length === 0) return;
    if (await untilEvent(client, { key, from: header.revision + 1n, ignored: 'put' }, limit)) return;
  }
}
