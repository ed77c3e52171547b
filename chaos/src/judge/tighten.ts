import type { Effect } from './calls.ts';
import type { LogEntry } from './log.ts';

/** Room between two microseconds for all that takes effect between them, one after the other. */
const SCALE = 1_000_000;

/**
 * Narrows the time in which each effect takes place, by its neighbours in the order of revisions and of the log: after the call of an
 * earlier one, and before the return of a later one. Every linearization keeps that order, so that none is lost. The search tries
 * calls in their order; without this it would put a write before slow reads of an earlier revision, and learn of it much later.
 *
 * Where nothing would be left of the time, there is no linearization, and the effect keeps its own, so that the search finds it.
 */
export function tighten(effects: readonly Effect[]): Effect[] {
  const base = effects.reduce((least, { call }) => (call > 0 ? Math.min(least, call) : least), Infinity) - 1;
  const scaled = effects.map((one) => ({
    ...one,
    call: Math.max(0, one.call - base) * SCALE,
    return: (one.return - base) * SCALE,
  }));
  const calls = new Float64Array(scaled.length);
  const returns = new Float64Array(scaled.length);
  const groups = [...groupsOf(scaled)];
  let latest = 0;
  for (const [from, to] of groups) {
    let [chain, most] = [latest, latest];
    // The first entry of a revision makes it; the others change nothing that is read.
    let seen = latest;
    for (let i = from; i < to; i++) {
      const { call, entry } = scaled[i] as Effect;
      calls[i] = Math.max(call, (entry === undefined ? seen : chain) + 1);
      if (entry !== undefined) chain = calls[i] as number;
      if (i === from && isMaker(entry)) seen = chain;
      most = Math.max(most, calls[i] as number);
    }
    latest = most;
  }
  let earliest = Infinity;
  for (const [from, to] of groups.reverse()) {
    let [chain, least] = [earliest, earliest];
    for (let i = to - 1; i >= from; i--) {
      const { return: end, entry } = scaled[i] as Effect;
      const next = entry === undefined ? earliest : i === from && isMaker(entry) ? least : chain;
      returns[i] = Math.min(end, next - 1);
      if (entry !== undefined) chain = returns[i] as number;
      least = Math.min(least, returns[i] as number);
    }
    earliest = least;
  }
  return scaled.map((one, i) => {
    const [call, end] = [calls[i] as number, returns[i] as number];
    return call < end ? { ...one, call, return: end } : one;
  });
}

function isMaker(entry: LogEntry | undefined): boolean {
  return entry !== undefined && entry.events.length > 0;
}

/** The stretches of one revision. */
function* groupsOf(effects: readonly Effect[]): Generator<readonly [from: number, to: number]> {
  for (let from = 0, to = 0; from < effects.length; from = to) {
    while (to < effects.length && effects[to]?.revision === effects[from]?.revision) to++;
    yield [from, to];
  }
}
