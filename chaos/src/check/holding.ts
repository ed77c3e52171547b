import type { Fault, LeaseSeen, LockSeen, Revision } from '../history.ts';
import { LEASED } from '../keys.ts';
import { Violations } from './violations.ts';

/** When the truth's watch received a revision, in microseconds. */
export type Arrivals = ReadonlyMap<number, number>;

/** Leases live so long in this workload, in microseconds, and an election takes less than the rest. */
const AFTER_PAUSE = 3_000_000 + 1_500_000;
/** The answer to a renewal comes within this time, in microseconds: a keepalive leaves a member that is silent for longer. */
const ANSWERED = 1_000_000;

/**
 * A signal of a lease that is read as open: the lease's key is still there. Its deletion was seen at the earliest when it happened.
 *
 * Two things that no client can see before its next renewal are counted apart. A leader that was paused revokes leases that were kept
 * alive on the others (#15247, docs/leases.md). And etcd revokes a lease before the time is up that it has acknowledged.
 */
export function checkLeases(
  lines: readonly LeaseSeen[],
  revisions: readonly Revision[],
  arrivals: Arrivals,
  faults: readonly Fault[],
): Violations {
  const violations = new Violations('leases');
  const gone = new Map<string, number>();
  for (const { revision, events } of revisions) {
    for (const { type, kv } of events) {
      if (type !== 'delete' || !kv.key.startsWith(LEASED)) continue;
      gone.set(kv.key.slice(LEASED.length), arrivals.get(revision) as number);
    }
  }
  /** When the time of each lease is up at the earliest, by the renewals before its end. */
  const until = new Map<string, number>();
  const pauses = faults.filter(({ kind }) => kind === 'pause');
  for (const { what, lease, at, ttl } of lines) {
    violations.look(what);
    const deleted = gone.get(lease);
    if (what === 'kept' && at <= (deleted ?? Infinity)) until.set(lease, at - ANSWERED + (ttl ?? 0) * 1_000_000);
    if (what !== 'open' || deleted === undefined || at <= deleted) continue;
    if (pauses.some(({ at: from, until }) => from <= deleted && deleted <= until + AFTER_PAUSE)) {
      violations.look('revoked by a leader that was paused (etcd #15247)');
      continue;
    }
    if (deleted < (until.get(lease) ?? 0)) {
      violations.look('revoked before its acknowledged time was up');
      continue;
    }
    violations.add('signal', `lease ${lease} was read as alive ${(at - deleted) / 1_000} ms after its key was gone`);
  }
  return violations;
}

/** Of a lock, or of a lead, two signals are never open at a time, and tokens grow from holder to holder. */
export function checkLocks(lines: readonly LockSeen[]): Violations {
  const violations = new Violations('locks');
  const spans = new Map<string, { readonly process: number; readonly token: number; from: number; to: number }[]>();
  for (const { what, name, process, token, at } of lines) {
    const all = spans.get(name) ?? [];
    spans.set(name, all);
    if (what === 'held') {
      violations.look(name.startsWith('lead/') ? 'leads' : 'locks');
      all.push({ process, token, from: at, to: at });
    } else if (what === 'open') {
      const span = all.findLast((one) => one.process === process && one.token === token);
      if (span !== undefined) span.to = at;
    }
  }
  for (const [name, all] of spans) {
    all.sort((a, b) => a.from - b.from);
    for (let i = 1; i < all.length; i++) {
      const [before, after] = [all[i - 1], all[i]] as [(typeof all)[0], (typeof all)[0]];
      if (after.process !== before.process) violations.look('handovers');
      if (after.from < before.to) {
        violations.add(
          'exclusive',
          `${name}: process ${before.process} read it as held at ${before.to}, process ${after.process} at ${after.from}`,
        );
      }
      if (after.token <= before.token) {
        violations.add('token', `${name}: token ${after.token} of process ${after.process} after ${before.token}`);
      }
    }
  }
  return violations;
}
