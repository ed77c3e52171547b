import { Etcd3 } from 'etcd3';

const client = new Etcd3({ hosts: process.env['ETCD_ENDPOINT'] as string });
for (const [key, value] of [
  ['s/a', '3'],
  ['s/b', '1'],
  ['s/c', '2'],
] as const)
  await client.put(key).value(value);

console.log(await client.getAll().prefix('s/').sort('Value', 'Ascend').keys());
console.log(await client.getAll().prefix('s/').sort('Mod', 'Descend').limit(2).keys());
console.log(await client.getAll().prefix('s/').sort('Key', 'None').limit(1).strings());
client.close();
