import { isEtcdError, type LeaseTimeToLiveResponse } from '@etcdts/core';
import { isCall, methods, plainMessage, type Call, type InterceptorSite } from '@etcdts/core/plugin';

/**
 * The answer of a lease RPC that an earlier try got done, though its own answer was lost: the refusal of the repeat says so.
 * Nothing where the error says anything else. What the answer holds is asked for; `LEASE_EXIST` stays where the lease is
 * gone again.
 */
export function answerOfEarlierTry(
  call: Call,
  error: unknown,
  site: InterceptorSite,
  now: number,
): Promise<unknown> | undefined {
  if (isCall(call, methods.leaseGrant) && isEtcdError(error, 'LEASE_EXIST')) {
    // An id that the caller chose may have been taken by somebody else; one that the client drew was not.
    if ('id' in call.options && call.options.id !== undefined) return undefined;
    const { id } = call.request;
    return lookUp(call, id, site, now).then(({ header, ttl, grantedTtl }) => {
      if (ttl < 0) throw error;
      return plainMessage({ header, id, ttl: grantedTtl });
    });
  }
  if (isCall(call, methods.leaseRevoke) && isEtcdError(error, 'LEASE_NOT_FOUND')) {
    return lookUp(call, call.request.id, site, now).then(({ header }) => ({ header }));
  }
  return undefined;
}

function lookUp(call: Call, id: bigint, site: InterceptorSite, now: number): Promise<LeaseTimeToLiveResponse> {
  const { metadata, signal, endpoint, confidential, deadline } = call;
  const timeoutMs = Math.max(deadline - now, 0);
  return site.unary(methods.leaseTimeToLive, { id }, { metadata, signal, endpoint, confidential, timeoutMs });
}
