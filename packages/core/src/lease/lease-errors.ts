// The errors that end a lease in the client.
import { EtcdError } from '../errors.ts';
import { secondReader } from '../inbox.ts';
import { methods } from '../methods.ts';

const COMMON = { outcome: 'not-applied', method: methods.leaseKeepAlive.label } as const;

/** The deadline of a lease passed without an acknowledged renewal. `cause` is the failure of a stream, if there was one. */
export function leaseLost(id: bigint, reason: string, cause: unknown): EtcdError {
  return new EtcdError({ code: 'LEASE_LOST', message: `lease ${id} ${reason}`, ...COMMON, cause });
}

/** etcd does not have the lease, any more or at all. */
export function leaseNotFound(id: bigint, reason = 'is not known to etcd: it expired or was revoked'): EtcdError {
  return new EtcdError({ code: 'LEASE_NOT_FOUND', message: `lease ${id} ${reason}`, ...COMMON });
}

/** A member does not have a lease that the cluster may have. */
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

/** A stream ended without an error although it owes an answer. */
export function streamEnded(): EtcdError {
  return new EtcdError({ code: 'UNAVAILABLE', message: 'the stream ended without an answer', ...COMMON });
}

/** A second iteration of a keepalive is refused. */
export function secondKeepAliveReader(): EtcdError {
  return secondReader('a keepalive', 'call keepAlive again for a second one', COMMON.method);
}
