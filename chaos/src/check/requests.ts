import type { Put, Request } from '../history.ts';

/** The puts that a request names, in both branches of a transaction. */
export function putsOf(request: Request): readonly Put[] {
  if (request.type === 'put') return [request];
  if (request.type !== 'txn') return [];
  return [...request.success, ...request.failure].filter((one) => one.type === 'put');
}

/** The keys that a request names. */
export function keysOf(request: Request): readonly string[] {
  if ('key' in request) return [request.key];
  if (request.type !== 'txn') return [];
  return [...request.compares, ...request.success, ...request.failure].map(({ key }) => key);
}
