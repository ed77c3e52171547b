import { isEtcdError, type LeaseGrantResponse, type LeaseTimeToLiveResponse } from '@etcdts/core';
import {
  isCall,
  leaseDraw,
  methods,
  plainMessage,
  withFields,
  type Call,
  type InterceptorSite,
  type LeaseDraw,
  type UnaryHandler,
} from '@etcdts/core/plugin';

/** The draw of a grant under an id that the client drew; `undefined` for every other call. */
export function drawOf(call: Call): LeaseDraw | undefined {
  if (!isCall(call, methods.leaseGrant)) return undefined;
  const draw = call.context.get(leaseDraw);
  // A wrapper or interceptor above may have chosen another id.
  return draw?.id === call.request.id ? draw : undefined;
}

/**
 * Makes the tries of a grant with ids that the client draws; other calls go to `next` unchanged. No id is sent again after a try
 * that may have been applied, because two grants with one id can be applied before and after the lease is used and revoked. So
 * the next try first reads whether the lease exists, and otherwise uses another id.
 */
export function settlingGrants(call: Call, next: UnaryHandler, site: InterceptorSite): UnaryHandler {
  const draw = drawOf(call);
  if (draw === undefined) return next;
  let unsettled = false;
  const settle = async (attempt: Call<typeof methods.leaseGrant>): Promise<LeaseGrantResponse> => {
    if (unsettled) {
      const { id } = draw;
      const { ttl, grantedTtl, header } = await lookUp(attempt, id, site);
      // The only request with this id has been applied. None is left that could be applied late.
      if (ttl >= 0) return plainMessage({ header, id, ttl: grantedTtl });
      draw.again();
      unsettled = false;
    }
    try {
      return await next({ ...attempt, request: { ...attempt.request, id: draw.id } });
    } catch (error) {
      unsettled = isEtcdError(error) && error.outcome === 'unknown';
      throw error;
    }
  };
  return settle as UnaryHandler;
}

/**
 * Returns the answer of a revoke that an earlier try executed although its answer was lost, which the refusal of the repeat
 * shows. `undefined` if the error shows something else.
 */
export function answerOfEarlierTry(call: Call, error: unknown, site: InterceptorSite): Promise<unknown> | undefined {
  if (isCall(call, methods.leaseRevoke) && isEtcdError(error, 'LEASE_NOT_FOUND')) {
    return lookUp(call, call.request.id, site).then(({ header }) => ({ header }));
  }
  return undefined;
}

/** Reads a lease as part of a call, whose method the errors name. */
async function lookUp(call: Call, id: bigint, site: InterceptorSite): Promise<LeaseTimeToLiveResponse> {
  const { metadata, signal, endpoint, avoid, confidential, deadline, method } = call;
  const timeoutMs = Math.max(deadline - site.clock.now(), 0);
  try {
    const options = { metadata, signal, endpoint, avoid, confidential, timeoutMs };
    return await site.unary(methods.leaseTimeToLive, { id }, options);
  } catch (error) {
    throw isEtcdError(error) ? withFields(error, { method: method.label }) : error;
  }
}
