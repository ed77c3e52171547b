import { Etcd3, Range } from 'etcd3';

const client = new Etcd3({ hosts: process.env['ETCD_ENDPOINT'] as string });
for (const key of ['a', 'b', 'b1', 'c', 'd']) await client.put(key).value(key);

console.log(await client.getAll().inRange({ start: 'b', end: 'd' }).keys());
console.log(await client.getAll().inRange({ prefix: 'b' }).keys());
console.log(
  await client
    .getAll()
    .inRange(client.range({ start: 'a', end: 'b' }))
    .keys(),
);
console.log(await client.getAll().inRange(Range.prefix('b')).keys());
client.close();
