import { isEtcdError, type LeaseTimeToLiveResponse } from '@etcdts/core';
import { drawnLeaseId, isCall, methods, plainMessage, type Call, type InterceptorSite } from '@etcdts/core/plugin';

/**
 * The answer of a lease RPC that an earlier try got done, though its own answer was lost: the refusal of the repeat says so.
 * Nothing where the error says anything else. What the answer holds is asked for; `LEASE_EXIST` stays where the lease is
 * gone again.
 */
export function answerOfEarlierTry(call: Call, error: unknown, site: InterceptorSite): Promise<unknown> | undefined {
  if (isCall(call, methods.leaseGrant) && isEtcdError(error, 'LEASE_EXIST')) {
    // A chosen id may be somebody else's lease; one that the client drew is not.
    const { id } = call.request;
    if (call.context.get(drawnLeaseId) !== id) return undefined;
    return lookUp(call, id, site).then(({ header, ttl, grantedTtl }) => {
      if (ttl < 0) throw error;
      return plainMessage({ header, id, ttl: grantedTtl });
    });
  }
  if (isCall(call, methods.leaseRevoke) && isEtcdError(error, 'LEASE_NOT_FOUND')) {
    return lookUp(call, call.request.id, site).then(({ header }) => ({ header }));
  }
  return undefined;
}

function lookUp(call: Call, id: bigint, site: InterceptorSite): Promise<LeaseTimeToLiveResponse> {
  const { metadata, signal, endpoint, confidential, deadline } = call;
  const timeoutMs = Math.max(deadline - site.clock.now(), 0);
  return site.unary(methods.leaseTimeToLive, { id }, { metadata, signal, endpoint, confidential, timeoutMs });
}
