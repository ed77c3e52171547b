import { election, mutex, renewingSession, type RenewingSession } from '@etcdts/concurrency';
import { isEtcdError, type EtcdClient } from '@etcdts/core';
import { now, pause } from '../clock.ts';
import type { WorkerContext } from './worker-context.ts';

const TTL = 2;
const LOOK = 2;

/** What is held: a lock, or a lead. */
interface Held {
  readonly signal: AbortSignal;
  readonly revision: bigint;
  release(): Promise<unknown>;
}

/** Contends for each of the names, one process against the others, until the signal aborts. */
export async function contendAgainAndAgain(
  context: WorkerContext,
  client: EtcdClient,
  names: readonly string[],
  stopping: AbortSignal,
): Promise<void> {
  const session = renewingSession(client, { ttl: TTL });
  await Promise.all(names.map((name) => contend(context, session, name, stopping)));
  try {
    await session.close();
  } catch (error) {
    if (!isEtcdError(error)) throw error;
  }
}

async function contend(
  context: WorkerContext,
  session: RenewingSession,
  name: string,
  stopping: AbortSignal,
): Promise<void> {
  while (!stopping.aborted) {
    try {
      const held = await acquire(session, name, stopping);
      await hold(context, name, held, stopping);
      await held.release();
    } catch (error) {
      if (!isEtcdError(error) && !stopping.aborted) throw error;
    }
    await pause(20 * context.random(), stopping);
  }
}

async function acquire(session: RenewingSession, name: string, signal: AbortSignal): Promise<Held> {
  if (name.startsWith('lead/')) {
    const lead = await election(session, name).campaign(name, { signal });
    return { signal: lead.signal, revision: lead.revision, release: () => lead.resign() };
  }
  const lock = await mutex(session, name).lock({ signal });
  return { signal: lock.signal, revision: lock.revision, release: () => lock.unlock() };
}

/** Holds for a while, and records when the signal was open first and last. */
async function hold(context: WorkerContext, name: string, held: Held, stopping: AbortSignal): Promise<void> {
  const { process, recorder, random } = context;
  const record = (what: 'held' | 'open' | 'released', at: number): void =>
    recorder.write({ type: 'lock', process, name, at, what, token: Number(held.revision) });
  const until = performance.now() + 200 * random();
  let open = 0;
  for (;;) {
    const at = now();
    if (held.signal.aborted) break;
    if (open === 0) record('held', now() + 1);
    open = at;
    // The time is up only after a last look: a process that was stopped meanwhile must see the end of its lease at once.
    if (performance.now() >= until || stopping.aborted) break;
    await pause(LOOK);
  }
  if (open > 0) record('open', open);
  record('released', now());
}
