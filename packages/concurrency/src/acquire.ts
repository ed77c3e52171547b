import { contend } from './contender.ts';
import type { Contest } from './contest.ts';
import type { Hold } from './lock.ts';
import { abortable } from './repeat.ts';
import { lineOf, type SessionState } from './session-state.ts';
import { SharedTenure } from './shared-tenure.ts';
import type { Tenure } from './tenure.ts';
import { tryEnter } from './try-enter.ts';
import type { Wait } from './wait.ts';

/**
 * Waits in the line of this process, because two contenders of one session have one key, and then for the turn in etcd. The next one in
 * the line goes on when the tenure ends, and waits for the removal of the key.
 */
export async function acquireAlone(contest: Contest, wait: Wait): Promise<Tenure> {
  const leave = await lineOf(wait.state, contest.key).enter(wait.signal);
  return keeping(contend(contest, wait), leave);
}

/** Tries to take both turns at once. Resolves with `undefined` if somebody has, or waits for, one of them. */
export async function tryAlone(contest: Contest, wait: Wait): Promise<Tenure | undefined> {
  const leave = lineOf(wait.state, contest.key).tryEnter();
  return leave && keeping(tryEnter(contest, wait), leave);
}

/** Leaves the line when the tenure ends, or at once if there is none. */
async function keeping<T extends Tenure | undefined>(acquiring: Promise<T>, leave: () => void): Promise<T> {
  try {
    const tenure = await acquiring;
    if (tenure === undefined) leave();
    else tenure.onLost(leave);
    return tenure;
  } catch (error) {
    leave();
    throw error;
  }
}

/** A tenure that reentrant locks share, while it is acquired and held. */
interface Sharing {
  readonly acquired: Promise<SharedTenure>;
  /** `undefined` while it is acquired. */
  tenure: SharedTenure | undefined;
}

const sharings = new WeakMap<SessionState, Map<string, Sharing>>();

/** Waits for a share of the session's tenure, or acquires one to share. If the one who acquires it gives up, the next one tries itself. */
export async function acquireShared(contest: Contest, wait: Wait): Promise<Hold> {
  const { state, signal } = wait;
  for (;;) {
    const known = sharesOf(state).get(nameOf(contest));
    if (known === undefined) return (await begin(contest, state, acquireAlone(contest, wait))).share();
    const tenure = await abortable(known.acquired, signal).catch(() => signal.throwIfAborted());
    if (tenure?.open === true) return tenure.share();
  }
}

/** Takes a share if there is one, or tries to acquire one. */
export async function tryShared(contest: Contest, wait: Wait): Promise<Hold | undefined> {
  const { state } = wait;
  const known = sharesOf(state).get(nameOf(contest));
  if (known !== undefined) return known.tenure?.open === true ? known.tenure.share() : undefined;
  const tenure = await tryAlone(contest, wait);
  return tenure && (await begin(contest, state, Promise.resolve(tenure))).share();
}

/** Lets others share a tenure until it ends. */
function begin(contest: Contest, state: SessionState, acquiring: Promise<Tenure>): Promise<SharedTenure> {
  const shares = sharesOf(state);
  const name = nameOf(contest);
  const forget = (): void => {
    if (shares.get(name) === sharing) shares.delete(name);
  };
  const acquired = acquiring.then((tenure) => {
    tenure.onLost(forget);
    return (sharing.tenure = new SharedTenure(tenure, contest.what));
  });
  const sharing: Sharing = { acquired, tenure: undefined };
  // This comes before those who wait for it, so that they do not find it again.
  acquired.catch(forget);
  shares.set(name, sharing);
  return acquired;
}

function sharesOf(state: SessionState): Map<string, Sharing> {
  let shares = sharings.get(state);
  if (shares === undefined) sharings.set(state, (shares = new Map()));
  return shares;
}

function nameOf({ key }: Contest): string {
  return key.toString('latin1');
}
