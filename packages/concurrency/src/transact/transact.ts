import { EtcdError, type Bytes, type CallOptions, type EtcdOperations, type ResponseHeader } from '@etcdts/core';
import {
  backoffMs,
  callOptionsOf,
  invalidArgument,
  siteOf,
  toCount,
  type Backoff,
  type ClientSite,
} from '@etcdts/core/plugin';
import { Attempt, toKeys } from './attempt.ts';
import { commit } from './commit.ts';
import { ISOLATIONS, type Isolation } from './isolation.ts';
import { Limits } from './limits.ts';
import type { Carried, ReaderParts } from './reader.ts';
import type { Transaction } from './transaction.ts';

/** Options of `transact`. */
export interface TransactOptions extends CallOptions {
  /** What the transaction is protected from. Defaults to `serializable-snapshot`. */
  isolation?: Isolation | undefined;
  /** How often the body runs at most: a whole number from 1. Defaults to 64. */
  maxAttempts?: number | undefined;
  /** Keys that are read in one request before each run of the body, unless the conflict before it has brought them. */
  prefetch?: readonly Bytes[] | undefined;
  /**
   * Deadline of the whole, over all attempts and pauses, in milliseconds. Without one, each request has the client's
   * `requestTimeoutMs`.
   */
  timeoutMs?: number | undefined;
}

/** What `transact` resolves with. */
export interface TransactResult<T> {
  /** What the last run of the body has returned. */
  readonly value: T;
  /** The header of the commit. Its revision is that of the writes. `undefined` if there was nothing to commit. */
  readonly header: ResponseHeader | undefined;
  /** How often the body ran. */
  readonly attempts: number;
}

/** The body of a transaction. */
export type TransactionBody<T> = (tx: Transaction) => Promise<T>;

const PAUSES: Backoff = { firstMs: 2, longestMs: 100 };

/**
 * Runs `body` over a view of etcd and applies its writes at once, if nobody has changed what it depends on; otherwise runs it again
 * (concurrency/stm.go `NewSTM`):
 *
 *     await transact(client, async (tx) => {
 *       const visits = Number((await tx.get('visits'))?.text() ?? 0);
 *       tx.put('visits', String(visits + 1));
 *     });
 *
 * The body may run several times, and must have no effect but through `tx`. What it throws rejects `transact` as it is, with nothing
 * written. After `maxAttempts` conflicts: `TRANSACTION_CONFLICT`, with nothing written. A commit that fails with `outcome:
 * 'unknown'` may have been applied; it is not repeated, because a repeat that conflicts looks like one that was applied. With
 * `retry({ writes: 'at-least-once' })` on the client, pass `retry: { writes: 'unsent' }`.
 */
export async function transact<T>(
  client: EtcdOperations,
  body: TransactionBody<T>,
  options?: TransactOptions,
): Promise<TransactResult<T>> {
  const callOptions = callOptionsOf<TransactOptions>(client, options, {
    isolation: checkIsolation,
    maxAttempts: true,
    prefetch: true,
  });
  if (typeof body !== 'function') throw invalidArgument('body', 'must be an async function that takes tx');
  const { isolation = 'serializable-snapshot', maxAttempts = 64, prefetch = [] } = options ?? {};
  const site = siteOf(client);
  const limits = new Limits(site.clock, callOptions);
  return await run(body, {
    site,
    parts: { kv: client.kv, limits, rules: ISOLATIONS[isolation] },
    maxAttempts: toCount(maxAttempts, 'maxAttempts', 1),
    prefetch: toKeys(prefetch, 'prefetch'),
  });
}

function checkIsolation(value: unknown, argument: string): void {
  if (typeof value === 'string' && Object.hasOwn(ISOLATIONS, value)) return;
  throw invalidArgument(argument, `must be one of ${Object.keys(ISOLATIONS).join(', ')}`);
}

interface Plan {
  readonly site: Pick<ClientSite, 'clock' | 'random'>;
  readonly parts: ReaderParts;
  readonly maxAttempts: number;
  readonly prefetch: readonly Buffer[];
}

/** Runs the body until it is applied. The caller has checked the plan. */
export async function run<T>(body: TransactionBody<T>, plan: Plan): Promise<TransactResult<T>> {
  const { parts, maxAttempts, prefetch, site } = plan;
  let carried: Carried | undefined;
  let cause: EtcdError | undefined;
  for (let attempts = 1; attempts <= maxAttempts; attempts++) {
    await parts.limits.pause(backoffMs(attempts - 1, PAUSES, site.random));
    // Throws if there is no time left.
    parts.limits.call();
    const attempt = new Attempt(attempts, parts, carried);
    carried = undefined;
    const ran = await runBody(body, attempt, parts, prefetch);
    cause = attempt.compacted;
    if (ran === undefined) continue;
    const result = await commit(attempt, parts);
    if (result.applied) return { value: ran.value, header: result.header, attempts };
    carried = result.carried;
  }
  throw conflict(maxAttempts, cause);
}

/** Runs the body once. `undefined` means that it is to run again, because its revision was compacted. */
async function runBody<T>(
  body: TransactionBody<T>,
  attempt: Attempt,
  { limits }: ReaderParts,
  prefetch: readonly Buffer[],
): Promise<{ readonly value: T } | undefined> {
  let pending = 0;
  try {
    if (prefetch.length > 0) await attempt.prefetch(prefetch);
    const value = await limits.race(begin(body, attempt.tx));
    pending = attempt.pending;
    if (attempt.compacted !== undefined) return undefined;
    if (attempt.failure !== undefined) throw attempt.failure.error;
    if (pending > 0) throw forgotten(pending);
    return { value };
  } catch (error) {
    if (attempt.compacted !== undefined) return undefined;
    throw error;
  } finally {
    attempt.end('the body has returned, or was given up; await everything in it that uses tx');
  }
}

async function begin<T>(body: TransactionBody<T>, tx: Transaction): Promise<T> {
  const running: unknown = body(tx);
  if (typeof (running as PromiseLike<T> | null | undefined)?.then === 'function') return await (running as Promise<T>);
  throw invalidArgument('body', 'must return a promise: write it as async (tx) => { … }');
}

function forgotten(pending: number): EtcdError {
  const reads = pending === 1 ? 'a read was' : `${pending} reads were`;
  return invalidArgument('body', `has returned while ${reads} under way: await each tx.get, tx.getAll and tx.range`);
}

function conflict(attempts: number, cause: EtcdError | undefined): EtcdError {
  const runs = attempts === 1 ? 'the one run' : `each of ${attempts} runs`;
  return new EtcdError({
    code: 'TRANSACTION_CONFLICT',
    message: `${runs} of the body conflicted with other writes (maxAttempts)`,
    outcome: 'not-applied',
    attempts,
    cause,
  });
}
