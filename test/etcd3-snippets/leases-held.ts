import { Etcd3 } from 'etcd3';

const client = new Etcd3({ hosts: process.env['ETCD_ENDPOINT'] as string });

async function hold(key: string): Promise<void> {
  const lease = client.lease(20);
  lease.on('lost', () => console.log('lost'));
  await lease.grant();
  await lease.put(key).value('held');
  const renewal = await lease.keepaliveOnce();
  console.log(Number(renewal.TTL), await client.get(key).string());
  await client
    .if(key, 'Create', '>', 0)
    .then(lease.put(`${key}/more`).value('too'))
    .commit();
  lease.release();
}

await hold('resource');
console.log(await client.getAll().keys());
client.close();
