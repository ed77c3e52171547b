import { eventually, type FaultProxy } from '@etcdts/testing';

/**
 * Lets requests pass to a member that is frozen, and stops what comes after them until the proxy is healed: their cancellations, with
 * which the member could drop them when it goes on. Begin before they are sent; a request has at least `size` bytes.
 */
export async function stopCancels(proxy: FaultProxy, requests: number, size: number): Promise<void> {
  const all = proxy.bytes.toServer + requests * size;
  await eventually(() => proxy.bytes.toServer >= all, { intervalMs: 1, describe: 'all requests are sent' });
  proxy.pause('toServer');
}
