import { Etcd3 } from 'etcd3';

const client = new Etcd3({ hosts: process.env['ETCD_ENDPOINT'] as string });
for (const name of ['foo', 'far', 'bar']) await client.put(name).value(name.toUpperCase());

const all = await client.getAll().prefix('f').strings();
for (const key in all) console.log(key, '=', all[key]);
console.log(await client.getAll(), await client.getAll().all().keys());
const keys = (await client.getAll().prefix('f').keys()).map((key) => key.slice(1));
console.log(keys, await client.getAll().prefix('f').count(), (await client.getAll().prefix('x').count()) === 0);
client.close();
