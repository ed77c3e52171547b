// What the processes send to the resource outside of etcd, and what it answers.

/** The name of the header with the token. */
export const TOKEN = 'fencing-token';
/** The status of an offer whose token is not the highest. */
export const REFUSED = 412;

/**
 * Offers a count with a token, or only the token. Resolves with the count that the resource has then; with `undefined` if it has seen a higher
 * token, so that somebody else leads.
 */
export async function offer(resource: string, token: bigint, count?: number): Promise<number | undefined> {
  const query = count === undefined ? '' : `?count=${count}`;
  const response = await fetch(`${resource}${query}`, { method: 'PUT', headers: { [TOKEN]: String(token) } });
  const text = await response.text();
  if (response.status === REFUSED) return undefined;
  if (!response.ok) throw new Error(`the resource answered ${response.status}`);
  return Number(text);
}
