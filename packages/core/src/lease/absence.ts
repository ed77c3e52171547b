import { CallContext, servedBy, type CallOptions } from '../call.ts';
import type { Clock } from '../clock.ts';
import { isEtcdError, type EtcdError } from '../errors.ts';
import { methods } from '../methods.ts';
import type { Pipeline } from '../pipeline/pipeline.ts';
import { leaseNotFound, memberBehind } from './lease-errors.ts';

/** The pause in milliseconds before the next renewal at a member that does not have a lease. */
const BEHIND_MS = 500;
/** Any key. Its range is only counted. */
const KEY = Buffer.of(0);

/**
 * Whether a lease that one member does not have is absent from the cluster. A member that led before it was paused answers from
 * its old state for some milliseconds, even about leases that were granted meanwhile. A linearizable read first brings the
 * member to the present state; then the lease is read. `false` if that fails, too.
 */
export async function isAbsent(pipeline: Pipeline, id: bigint, timeoutMs: number): Promise<boolean> {
  const options: CallOptions = { requireLeader: true, timeoutMs };
  const context = new CallContext();
  try {
    await pipeline.unary(methods.range, { key: KEY, countOnly: true }, options, context).catch((error: unknown) => {
      // etcd checks permissions only after it has caught up.
      if (!isEtcdError(error, 'PERMISSION_DENIED')) throw error;
    });
    const endpoint = context.get(servedBy);
    const { ttl } = await pipeline.unary(methods.leaseTimeToLive, { id }, { ...options, endpoint });
    return ttl < 0;
  } catch {
    return false;
  }
}

/** A lease that one member does not have. */
export interface DoubtedLease {
  readonly id: bigint;
  readonly deadline: number;
  /** Whether it must be renewed. */
  readonly held: boolean;
  due: number;
  failure: unknown;
  fail(error: EtcdError): void;
}

/** Ends the lease if it is absent from the cluster. Otherwise it is due again, and lives until its deadline. */
export async function settleDoubt(
  { pipeline, clock }: { readonly pipeline: Pipeline; readonly clock: Clock },
  lease: DoubtedLease,
  onDue: () => void,
): Promise<void> {
  lease.due = lease.deadline;
  if (await isAbsent(pipeline, lease.id, Math.max(lease.deadline - clock.now(), 0))) {
    return lease.fail(leaseNotFound(lease.id));
  }
  lease.failure = memberBehind(lease.id);
  lease.due = clock.now() + BEHIND_MS;
  if (lease.held) onDue();
}
