import { CallContext, leaseDraw, servedBy, type CallOptions } from '../call.ts';
import { callSite } from '../call-site.ts';
import { isEtcdError } from '../errors.ts';
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
import { LeaseKeeper } from './keeper.ts';
import type { KeeperParts } from './keeper-parts.ts';
import { DrawnIds } from './lease-draw.ts';
import { keepAliveOnce } from './once.ts';
import type { KeepAlive, LeaseService } from './service.ts';
import { StrayLeases } from './stray-leases.ts';

/** The parts of the lease service. */
export interface LeaseParts extends KeeperParts {
  /** Draws ids for leases: positive, 63 bits, never the same twice. Defaults to `randomLeaseId`. */
  readonly randomId?: (() => bigint) | undefined;
}

/** The lease operations over etcd's RPCs (clientv3/lease.go). All keepalives share one stream. */
export class LeaseRpc implements LeaseService {
  readonly #parts: LeaseParts;
  readonly #keeper: LeaseKeeper;
  readonly #strays: StrayLeases;
  readonly #randomId: () => bigint;

  constructor(parts: LeaseParts) {
    this.#parts = parts;
    this.#keeper = new LeaseKeeper(parts);
    this.#strays = new StrayLeases(parts);
    this.#randomId = parts.randomId ?? randomLeaseId;
  }

  /**
   * Grants a lease. It draws an id if there is none, so that a grant with an unknown outcome can be settled by a read, and
   * revoked if it is not used.
   */
  async grant(request: LeaseGrantRequest, options: CallOptions): Promise<LeaseGrantResponse> {
    const { pipeline, clock } = this.#parts;
    if (request.id !== 0n) {
      const sentAt = clock.now();
      const response = await pipeline.unary(methods.leaseGrant, request, options);
      this.#keeper.granted(response.id, sentAt, response.ttl);
      return response;
    }
    const draw = new DrawnIds(this.#randomId, clock);
    const context = new CallContext();
    context.set(leaseDraw, draw);
    try {
      const response = await pipeline.unary(methods.leaseGrant, { ...request, id: draw.id }, options, context);
      this.#strays.add(draw.strays(response.id), options);
      this.#keeper.granted(response.id, draw.drawnAt, response.ttl);
      return response;
    } catch (error) {
      // Other errors are reasons of aborts: the request may have left if it had an endpoint.
      const maybe = isEtcdError(error) ? error.outcome === 'unknown' : context.get(servedBy) !== undefined;
      if (maybe) this.#strays.add(draw.strays(), options);
      throw error;
    }
  }

  /** Revokes a lease. It first ends this client's keepalive of the lease, so that its signal is not late. */
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
    return this.#keeper.keep(id, options, callSite(LeaseRpc.prototype.keepAlive));
  }

  keepAliveOnce(id: bigint, options: CallOptions): Promise<LeaseKeepAliveResponse> {
    return keepAliveOnce(this.#parts, id, options);
  }

  stats(): LeaseStats {
    return this.#keeper.stats();
  }

  /** Ends every keepalive with `CLIENT_CLOSED`. No stream and no timer stays. */
  close(): void {
    this.#strays.close();
    this.#keeper.close();
  }
}
