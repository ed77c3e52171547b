import type { Operation, Revision } from '../history.ts';
import { Violations } from './violations.ts';

/** The keys under leases, revision by revision. */
export class LeasedKeys {
  readonly #leaseOf: Map<string, string> = new Map();

  apply({ events }: Revision): void {
    for (const { type, kv } of events) {
      if (type === 'put' && kv.lease !== '0') this.#leaseOf.set(kv.key, kv.lease);
      else this.#leaseOf.delete(kv.key);
    }
  }

  get size(): number {
    return this.#leaseOf.size;
  }

  [Symbol.iterator](): Iterator<readonly [key: string, lease: string]> {
    return this.#leaseOf[Symbol.iterator]();
  }
}

/**
 * No key outlives its lease: there is none at the revision at which its lease was revoked, none comes later, and at the end of a run,
 * in which all holders have left and the longest time to live has passed, there is none at all.
 */
export function checkLeasedKeys(revisions: readonly Revision[], operations: readonly Operation[]): Violations {
  const violations = new Violations('leased keys');
  const revokes = operations
    .flatMap(({ request, revision }) =>
      request.type === 'revoke' && revision !== undefined ? [{ lease: request.lease, revision }] : [],
    )
    .sort((a, b) => a.revision - b.revision);
  const keys = new LeasedKeys();
  const revoked = new Map<string, number>();
  let next = 0;
  const endLeases = (before: number): void => {
    for (; next < revokes.length && (revokes[next]?.revision as number) < before; next++) {
      const { lease, revision } = revokes[next] as (typeof revokes)[0];
      violations.look('revoked');
      revoked.set(lease, revision);
      for (const [key, of] of keys) {
        if (of === lease) violations.add('revoked', `lease ${lease} was revoked at ${revision}, its key is there`, key);
      }
    }
  };
  for (const one of revisions) {
    endLeases(one.revision);
    for (const { type, kv } of one.events) {
      if (type !== 'put' || kv.lease === '0') continue;
      violations.look('puts');
      const at = revoked.get(kv.lease);
      if (at !== undefined) {
        violations.add('late', `a put at ${one.revision} under lease ${kv.lease}, which was revoked at ${at}`, kv.key);
      }
    }
    keys.apply(one);
  }
  endLeases(Infinity);
  for (const [key, lease] of keys) violations.add('outlived', `it is there at the end, under lease ${lease}`, key);
  return violations;
}
