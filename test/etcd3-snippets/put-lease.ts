import { Etcd3 } from 'etcd3';

const client = new Etcd3({ hosts: process.env['ETCD_ENDPOINT'] as string });
const lease = client.lease(30, { autoKeepAlive: false });
const id = await lease.grant();
await client.put('leased').value('a').lease(id);
await client.put('leased').value('b').ignoreLease();
await client.put('free').value('c');
console.log(await client.getAll().strings());
await lease.revoke();
console.log(await client.getAll().strings());
client.close();
