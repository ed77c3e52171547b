import { Etcd3 } from 'etcd3';

const client = new Etcd3({ hosts: process.env['ETCD_ENDPOINT'] as string });
for (const key of ['a', 'b', 'c', 'd']) await client.put(key).value(key);

console.log(await client.getAll().inRange('c').keys());
client.close();
