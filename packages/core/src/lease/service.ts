import type { CallOptions } from '../call.ts';
import type {
  LeaseGrantRequest,
  LeaseGrantResponse,
  LeaseKeepAliveResponse,
  LeaseLeasesResponse,
  LeaseRevokeRequest,
  LeaseRevokeResponse,
  LeaseTimeToLiveRequest,
  LeaseTimeToLiveResponse,
} from '../messages.ts';

/**
 * A keepalive of a lease. It renews the lease with or without a reader. Iterate it for the renewals: the newest one if there was
 * one, then those that follow (the 16 newest wait for a slow reader). It has one reader: a second iteration is refused with
 * `FAILED_PRECONDITION`; call `keepAlive` again instead. The iteration ends on `cancel` and on a revoke by this client, and throws
 * the reason of `signal` if the lease is lost. Leaving the iteration cancels.
 */
export interface KeepAlive extends AsyncIterable<LeaseKeepAliveResponse>, AsyncDisposable {
  /** The lease that is kept alive. */
  readonly id: bigint;
  /**
   * The last TTL from etcd in seconds, from the grant of this client or from a renewal; `undefined` for a lease that was granted
   * elsewhere, until its first renewal.
   */
  readonly ttl: number | undefined;
  /**
   * Resolves with a renewal that etcd has acknowledged, at once if there was one, which proves that the lease exists. Rejects if
   * the keepalive ends first: with the error of `signal`, the reason of the caller's own signal, or `CANCELLED`.
   */
  readonly renewed: Promise<LeaseKeepAliveResponse>;
  /**
   * Aborts, with an EtcdError as reason, when the lease may be gone: by the monotonic clock, counted from the time at which the
   * last acknowledged renewal was sent, and so never later than on the server; docs/leases.md has the exceptions that etcd makes
   * after a leader was paused. `LEASE_LOST`: no renewal was acknowledged in time, `cause` is why. `LEASE_NOT_FOUND`: etcd does not have it, or this client revoked it. `CLIENT_CLOSED`.
   *
   * It reads the clock whenever it is read, so that `aborted` and `throwIfAborted()` are right even before timers run, after the
   * event loop was blocked or the process stopped. Listeners, and signals of `AbortSignal.any`, depend on a timer; `checkedSignal`
   * combines several signals without that. If the TTL is not known (granted elsewhere, not renewed yet), the lease counts as lost
   * after `timeoutMs`. While the whole machine is suspended, the clock stands still.
   */
  readonly signal: AbortSignal;
  /** Stops the renewals. The lease lives on for its TTL, and `signal` still aborts at its end. May be called again. */
  cancel(): Promise<void>;
}

/** Every lease operation of etcd, in messages (etcdserverpb.Lease). Wrappers implement it whole. */
export interface LeaseService {
  /** Makes a lease with the id of the request (Lease.LeaseGrant). */
  grant(request: LeaseGrantRequest, options: CallOptions): Promise<LeaseGrantResponse>;
  /** Ends a lease and deletes its keys (Lease.LeaseRevoke). */
  revoke(request: LeaseRevokeRequest, options: CallOptions): Promise<LeaseRevokeResponse>;
  /** Reads how long a lease has left (Lease.LeaseTimeToLive). */
  timeToLive(request: LeaseTimeToLiveRequest, options: CallOptions): Promise<LeaseTimeToLiveResponse>;
  /** Lists all leases (Lease.LeaseLeases). */
  leases(options: CallOptions): Promise<LeaseLeasesResponse>;
  /** Returns at once. Only the options `signal` and `timeoutMs` apply, because all keepalives share one stream. */
  keepAlive(id: bigint, options: CallOptions): KeepAlive;
  /** Renews a lease once (Lease.LeaseKeepAlive), on a stream that ends with it. */
  keepAliveOnce(id: bigint, options: CallOptions): Promise<LeaseKeepAliveResponse>;
}
