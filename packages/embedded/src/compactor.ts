// Compaction by the member itself (server/etcdserver/api/v3compactor).
import type { Clock } from './clock.ts';
import type { Member } from './member.ts';

/** How much history a member keeps: that of a time, or a number of revisions. */
export type Retention = { readonly ms: number } | { readonly revisions: number };

const HOUR_MS = 3_600_000;
const REVISION_INTERVAL_MS = 300_000;
/** How often a time is divided, to record the revisions in it. */
const DIVISOR = 10;

/** Compacts a member from now on, as its clock goes on. */
export function startCompactor(member: Member, clock: Clock, retention: Retention): void {
  if ('ms' in retention) periodic(member, clock, retention.ms);
  else byRevision(member, clock, retention.revisions);
}

/**
 * Compacts what is older than a time: for the first time after it, then each time it has passed again, but at least every hour
 * (periodic.go). It records the revision ten times as often.
 */
function periodic(member: Member, clock: Clock, periodMs: number): void {
  const intervalMs = Math.min(periodMs, HOUR_MS);
  const stepMs = intervalMs / DIVISOR;
  // Steps are counted, and fractions rounded, since a sum of fractions may be a little less than the time.
  const stepsOfPeriod = Number((periodMs / stepMs).toFixed(6));
  const revisions: number[] = [];
  let [steps, wait, last] = [0, stepsOfPeriod, 0];
  const step = (): void => {
    revisions.push(member.store.revision);
    if (revisions.length > Math.floor(stepsOfPeriod) + 1) revisions.shift();
    clock.after(stepMs, () => {
      steps++;
      const [revision = 0] = revisions;
      if (steps >= wait && revision !== last) {
        wait = DIVISOR;
        if (compact(member, revision)) [steps, last] = [0, revision];
      }
      step();
    });
  };
  step();
}

/** Keeps a number of revisions. It looks every five minutes (revision.go). */
function byRevision(member: Member, clock: Clock, retained: number): void {
  let last = 0;
  const step = (): void => {
    clock.after(REVISION_INTERVAL_MS, () => {
      const revision = member.store.revision - retained;
      if (revision > 0 && revision !== last && compact(member, revision)) last = revision;
      step();
    });
  };
  step();
}

/** Compacts, and returns whether the revision is compacted then. A corrupt etcd compacts nothing. */
function compact({ store, alarms }: Member, revision: number): boolean {
  if (revision <= store.compactRevision) return true;
  if (alarms.has('CORRUPT')) return false;
  store.compact(BigInt(revision));
  return true;
}
