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
  // Something between the client and this interceptor may have chosen another id.
  return draw?.id === call.request.id ? draw : undefined;
}

/**
 * Makes the tries of a grant under ids that the client draws; others go to `next` as they are. No id is sent again after a
 * try that may have been applied: two grants under one id can be applied before and after the lease is used and revoked.
 * So the next try reads first whether the lease exists, and is made under another id if not.
 */
export function settlingGrants(call: Call, next: UnaryHandler, site: InterceptorSite): UnaryHandler {
  const draw = drawOf(call);
  if (draw === undefined) return next;
  let unsettled = false;
  const settle = async (attempt: Call<typeof methods.leaseGrant>): Promise<LeaseGrantResponse> => {
    if (unsettled) {
      const { id } = draw;
      const { ttl, grantedTtl, header } = await lookUp(attempt, id, site);
      // The only request under this id has been applied; none is left that could be applied late.
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
 * The answer of a revoke that an earlier try got done, though its own answer was lost: the refusal of the repeat shows that.
 * `undefined` if the error shows something else.
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
