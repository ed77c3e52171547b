import type { EtcdClient } from '@etcdts/core';

/** Whether the etcd of a client streams ranges (RangeStream, from 3.7 on), so that a base does not come in pages of its own. */
export async function streamsRanges(client: EtcdClient): Promise<boolean> {
  const [endpoint = ''] = client.endpoints;
  const [major = 0, minor = 0] = (await client.maintenance.status(endpoint)).version.split('.').map(Number);
  return major > 3 || minor >= 7;
}
