import { isEtcdError } from '@etcdts/core';
import type { KeepAlive, LeaseKeepAliveResponse } from '@etcdts/core';
import { plainMessage, type LeaseService } from '@etcdts/core/plugin';
import type { LeaseRegistry } from './lease-registry.ts';
import type { Scope } from './range.ts';

/**
 * Leases behind a prefix (clientv3 namespace/lease.go, which passes all but `TimeToLive` through). Only the leases of the
 * registry can be used or listed, and a lease shows only keys behind the prefix.
 */
export function scopeLease(next: LeaseService, scope: Scope, leases: LeaseRegistry): LeaseService {
  /** Passes an answer on, and records the lease as gone if the answer or the failure shows that. */
  async function noting<T>(id: bigint, answer: Promise<T>, isGone: (response: T) => boolean): Promise<T> {
    try {
      const response = await answer;
      if (isGone(response)) leases.lost(id);
      else leases.renewed(id);
      return response;
    } catch (error) {
      if (isEtcdError(error, 'LEASE_NOT_FOUND')) leases.lost(id);
      throw error;
    }
  }

  return {
    async grant(request, options) {
      // Only an acknowledged grant proves that the id was free. After any other outcome, another owner may have it.
      const response = await next.grant(request, options);
      leases.granted(response.id, response.ttl);
      return response;
    },
    async revoke(request, options) {
      leases.require(request.id);
      return noting(request.id, next.revoke(request, options), () => true);
    },
    async timeToLive(request, options) {
      const { id } = request;
      if (leases.isGone(id)) {
        // Only the header is used. A lease that has the id now belongs to another owner.
        const { header } = await next.timeToLive({ id }, options);
        return plainMessage({ header, id, ttl: -1, grantedTtl: 0, keys: [] });
      }
      leases.require(id);
      const { header, ttl, grantedTtl, keys } = await noting(id, next.timeToLive(request, options), expired);
      const ours = keys.filter((key) => scope.has(key)).map((key) => scope.cut(key));
      return plainMessage({ header, id, ttl, grantedTtl, keys: ours });
    },
    async leases(options) {
      const response = await next.leases(options);
      return plainMessage({ header: response.header, leases: response.leases.filter((id) => leases.owns(id)) });
    },
    keepAlive(id, options): KeepAlive {
      try {
        leases.require(id);
      } catch (error) {
        return endedKeepAlive(id, error);
      }
      const keepAlive = next.keepAlive(id, options);
      leases.keptAlive(id, keepAlive);
      return keepAlive;
    },
    async keepAliveOnce(id, options) {
      leases.require(id);
      return noting(id, next.keepAliveOnce(id, options), expired);
    },
  };
}

function expired(response: { readonly ttl: number }): boolean {
  return response.ttl <= 0;
}

/** A keepalive that has ended for this reason before it began, because the lease cannot be kept alive. */
function endedKeepAlive(id: bigint, reason: unknown): KeepAlive {
  const cancel = async (): Promise<void> => {};
  return {
    id,
    signal: AbortSignal.abort(reason),
    ttl: undefined,
    get renewed() {
      const renewed = Promise.reject<LeaseKeepAliveResponse>(reason);
      renewed.catch(() => {});
      return renewed;
    },
    cancel,
    [Symbol.asyncDispose]: cancel,
    async *[Symbol.asyncIterator](): AsyncGenerator<LeaseKeepAliveResponse> {
      throw reason;
    },
  };
}
