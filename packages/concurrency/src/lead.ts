import { isEtcdError, remedyOf, type Bytes, type CallOptions } from '@etcdts/core';
import {
  backoffMs,
  callOptionsOf,
  checkedSignal,
  invalidArgument,
  siteOf,
  toBytes,
  type Backoff,
} from '@etcdts/core/plugin';
import { sourceOf, type Election } from './election.ts';
import { LEADERSHIP, type Leadership } from './leadership.ts';
import { sleep } from './repeat.ts';
import { checkBody, promiseOf } from './run.ts';
import { isRenewing } from './session-source.ts';

/** Options of `lead`. `signal` ends it; the others are of each campaign. */
export type LeadOptions = Omit<CallOptions, 'timeoutMs'>;

/** The work of a leader. It looks at `signal` before each step, and settles soon after that aborts. */
export type LeaderBody<T> = (signal: AbortSignal, leadership: Leadership) => Promise<T>;

const PAUSES: Backoff = { firstMs: 100, longestMs: 5_000, jitter: 0.5 };
/** A leadership that lasts as long is no failure. */
const STEADY_MS = 10_000;

/**
 * Leads again and again, until the work is done: campaigns, runs `body` while it leads, and campaigns again when the leadership is
 * lost. There are never two bodies at once: after a loss it waits until the body has settled, however long that takes, and only then
 * campaigns again. It pauses before that, from 0.1 s up to 5 s after several losses or failures in a row.
 *
 * - If the body resolves while it leads, the work is done: `lead` resigns and resolves with its value. A body that works for as long
 *   as it leads ends only after its signal has aborted.
 * - If the body settles after its leadership was lost, or after it has resigned, `lead` goes on, unless the body threw an error of its own. The reason of the
 *   body's signal, and an error with that among its causes (as Node's `AbortError`), is not its own.
 * - If the body throws an error of its own, `lead` resigns and rejects with it.
 * - If `options.signal` aborts, the body's signal does too. When the body has settled, `lead` resigns and rejects with the reason, or
 *   with the body's own error.
 *
 * The signal of the body is checked, as that of the leadership. With a renewing session, a session that is lost is opened again;
 * otherwise its loss rejects `lead` with the reason. Failures that pass do not reject it. Rejects with `INVALID_ARGUMENT` if a body
 * returns no promise: the leadership would be given back while its work goes on.
 */
export async function lead<T>(
  election: Election,
  value: Bytes,
  body: LeaderBody<T>,
  options: LeadOptions = {},
): Promise<T> {
  const source = sourceOf(election);
  const { client } = source;
  const proposal = toBytes(value, 'value');
  checkBody(body);
  const call = callOptionsOf<CallOptions>(client, options, {});
  if (call.timeoutMs !== undefined) throw invalidArgument('timeoutMs', 'is of no use: pass a signal');
  const site = siteOf(client);
  const { signal } = options;
  for (let failures = 0; ;) {
    signal?.throwIfAborted();
    await sleep(backoffMs(failures, PAUSES, site.random), site, signal);
    let leadership: Leadership;
    try {
      leadership = await election.campaign(proposal, call);
    } catch (error) {
      signal?.throwIfAborted();
      if (!mayLeadLater(error, isRenewing(source))) throw error;
      failures++;
      continue;
    }
    const since = site.clock.now();
    const term = await serve(leadership, body, signal);
    if (term.done) return term.value;
    failures = site.clock.now() - since < STEADY_MS ? failures + 1 : 1;
  }
}

type Term<T> = { readonly done: true; readonly value: T } | { readonly done: false };

/** Runs a body under a leadership and gives that back. Throws the body's own error, or the reason of the caller's signal. */
async function serve<T>(
  leadership: Leadership,
  body: LeaderBody<T>,
  ending: AbortSignal | undefined,
): Promise<Term<T>> {
  const from = ending === undefined ? [leadership.signal] : [leadership.signal, ending];
  const held = checkedSignal({ from });
  const { signal } = held;
  let lost = true;
  try {
    const value = await promiseOf(body(signal, leadership), LEADERSHIP);
    lost = leadership.signal.aborted;
    ending?.throwIfAborted();
    return lost ? { done: false } : { done: true, value };
  } catch (error) {
    lost = leadership.signal.aborted;
    if (!signal.aborted || !comesFrom(error, signal.reason)) throw error;
    ending?.throwIfAborted();
    return { done: false };
  } finally {
    const resigned = leadership.resign().catch(() => {});
    // A removal that fails goes on in the background, and ends with the lease at the latest.
    if (!lost) await resigned;
    held.abort(undefined);
  }
}

/** Whether an error is the reason of a signal, or has it among its causes. */
function comesFrom(error: unknown, reason: unknown): boolean {
  for (let one = error, depth = 0; depth < 16; depth++) {
    if (one === reason) return true;
    if (!(one instanceof Error) || one.cause === undefined) return false;
    one = one.cause;
  }
  return false;
}

/** Whether a further campaign may lead after one that failed. */
function mayLeadLater(error: unknown, renewing: boolean): boolean {
  if (!isEtcdError(error)) return false;
  if (isEtcdError(error, 'LOCK_LOST')) return true;
  if (renewing && (isEtcdError(error, 'LEASE_LOST') || isEtcdError(error, 'LEASE_NOT_FOUND'))) return true;
  const remedy = remedyOf(error);
  return remedy !== 'none' && remedy !== 'token';
}
