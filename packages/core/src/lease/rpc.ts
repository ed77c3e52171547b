import { CallContext, drawnLeaseId, type CallOptions } from '../call.ts';
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
import { methods } from '../methods.ts';
import type { LeaseStats } from '../stats.ts';
import { randomLeaseId } from './lease-id.ts';
import { LeaseKeeper, type KeeperParts } from './keeper.ts';
import { keepAliveOnce } from './once.ts';
import type { KeepAlive, LeaseService } from './service.ts';

/** What the lease service is made of. */
export interface LeaseParts extends KeeperParts {
  /** Gives ids for leases: positive, 63 bits, never the same twice. Defaults to `randomLeaseId`. */
  readonly randomId?: (() => bigint) | undefined;
}

/** The lease operations over etcd's RPCs; every keepalive shares one stream (clientv3/lease.go). */
export class LeaseRpc implements LeaseService {
  readonly #parts: LeaseParts;
  readonly #keeper: LeaseKeeper;
  readonly #randomId: () => bigint;

  constructor(parts: LeaseParts) {
    this.#parts = parts;
    this.#keeper = new LeaseKeeper(parts);
    this.#randomId = parts.randomId ?? randomLeaseId;
  }

  async grant(request: LeaseGrantRequest, options: CallOptions): Promise<LeaseGrantResponse> {
    const sentAt = this.#parts.clock.now();
    const response = await this.#grant(request, options);
    this.#keeper.granted(response.id, sentAt, response.ttl);
    return response;
  }

  /** Draws an id if there is none: a grant whose answer was lost can then be told from one that never arrived. */
  #grant(request: LeaseGrantRequest, options: CallOptions): Promise<LeaseGrantResponse> {
    const { pipeline } = this.#parts;
    if (request.id !== 0n) return pipeline.unary(methods.leaseGrant, request, options);
    const id = this.#randomId();
    const context = new CallContext();
    context.set(drawnLeaseId, id);
    return pipeline.unary(methods.leaseGrant, { ...request, id }, options, context);
  }

  /** Ends this client's keepalive of the lease before etcd is asked, so that its signal is not late. */
  revoke(request: LeaseRevokeRequest, options: CallOptions): Promise<LeaseRevokeResponse> {
    this.#keeper.revoked(request.id);
    return this.#parts.pipeline.unary(methods.leaseRevoke, request, options);
  }

  timeToLive(request: LeaseTimeToLiveRequest, options: CallOptions): Promise<LeaseTimeToLiveResponse> {
    return this.#parts.pipeline.unary(methods.leaseTimeToLive, request, options);
  }

  leases(options: CallOptions): Promise<LeaseLeasesResponse> {
    return this.#parts.pipeline.unary(methods.leaseLeases, {}, options);
  }

  keepAlive(id: bigint, options: CallOptions): KeepAlive {
    return this.#keeper.keep(id, options);
  }

  keepAliveOnce(id: bigint, options: CallOptions): Promise<LeaseKeepAliveResponse> {
    return keepAliveOnce(this.#parts, id, options);
  }

  stats(): LeaseStats {
    return this.#keeper.stats();
  }

  /** Ends every keepalive with `CLIENT_CLOSED`; no stream and no timer stays. */
  close(): void {
    this.#keeper.close();
  }
}
