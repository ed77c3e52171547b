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
 * A lease being kept alive, whether or not anyone iterates. Iterate it for the renewals (the newest is kept for a slow
 * reader); the iteration ends on `cancel` and throws the `LEASE_LOST` or `LEASE_NOT_FOUND` error that `signal` carries.
 */
export interface KeepAlive extends AsyncIterable<LeaseKeepAliveResponse>, AsyncDisposable {
  readonly id: bigint;
  /**
   * Aborts, with an EtcdError as reason, the moment the lease may be gone: by the monotonic clock, counted from when the
   * last acknowledged renewal was sent, so never later than on the server. Pass it to work that needs the lease.
   */
  readonly signal: AbortSignal;
  /** Stops renewing; the lease lives on for its time to live. May be called again. */
  cancel(): Promise<void>;
}

/** Every lease operation of etcd, in messages (etcdserverpb.Lease). Wrappers implement it whole. */
export interface LeaseService {
  grant(request: LeaseGrantRequest, options: CallOptions): Promise<LeaseGrantResponse>;
  revoke(request: LeaseRevokeRequest, options: CallOptions): Promise<LeaseRevokeResponse>;
  timeToLive(request: LeaseTimeToLiveRequest, options: CallOptions): Promise<LeaseTimeToLiveResponse>;
  leases(options: CallOptions): Promise<LeaseLeasesResponse>;
  keepAlive(id: bigint, options: CallOptions): KeepAlive;
  keepAliveOnce(id: bigint, options: CallOptions): Promise<LeaseKeepAliveResponse>;
}
