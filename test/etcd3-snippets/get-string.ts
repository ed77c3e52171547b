import { Etcd3 } from 'etcd3';

const client = new Etcd3({ hosts: process.env['ETCD_ENDPOINT'] as string });
await client.put('greeting').value('hello');

// A key that is there, and one that is not.
const found = await client.get('greeting').string();
const missing = await client.get('nothing').string();
console.log(found, missing, missing === null);
console.log(await client.get('greeting'), (await client.get('greeting'))?.length);
console.log(
  (await client.get('nothing').string()) ?? 'a default',
  (await client.get('greeting').string('hex')) || 'none',
);
console.log(`${await client.get('greeting').string()} ${(await client.get('greeting').string())!.toUpperCase()}`);
client.close();
