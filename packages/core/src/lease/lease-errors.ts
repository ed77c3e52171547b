// What ends a lease on this side, as errors.
import { EtcdError } from '../errors.ts';
import { secondReader } from '../inbox.ts';
import { methods } from '../methods.ts';

const COMMON = { outcome: 'not-applied', method: methods.leaseKeepAlive.label } as const;

/** The deadline of a lease passed without an acknowledged renewal; `cause` is why, where a stream said so. */
export function leaseLost(id: bigint, reason: string, cause: unknown): EtcdError {
  return new EtcdError({ code: 'LEASE_LOST', message: `lease ${id} ${reason}`, ...COMMON, cause });
}

/** etcd does not know the lease any more, or never did. */
export function leaseNotFound(id: bigint, reason = 'is not known to etcd: it expired or was revoked'): EtcdError {
  return new EtcdError({ code: 'LEASE_NOT_FOUND', message: `lease ${id} ${reason}`, ...COMMON });
}

/** A member does not know a lease that the cluster may know. */
export function memberBehind(id: bigint): EtcdError {
  const message = `lease ${id} is not known to the member that was to renew it, and the cluster did not confirm that`;
  return new EtcdError({ code: 'UNAVAILABLE', message, ...COMMON });
}

/** A keepalive was cancelled by its user before etcd acknowledged a renewal. */
export function notRenewed(id: bigint): EtcdError {
  const message = `the keepalive of lease ${id} was cancelled before a renewal was acknowledged`;
  return new EtcdError({ code: 'CANCELLED', message, ...COMMON });
}

/** A stream that owes an answer is silent. */
export function streamStalled(): EtcdError {
  return new EtcdError({ code: 'UNAVAILABLE', message: 'renewals are not answered', ...COMMON });
}

/** A stream ended well although it owes an answer. */
export function streamEnded(): EtcdError {
  return new EtcdError({ code: 'UNAVAILABLE', message: 'the stream ended without an answer', ...COMMON });
}

/** A second iteration of a keepalive is refused. */
export function secondKeepAliveReader(): EtcdError {
  return secondReader('a keepalive', 'call keepAlive again for a second one', COMMON.method);
}
