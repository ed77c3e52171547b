import { Etcd3 } from 'etcd3';

const client = new Etcd3({ hosts: process.env['ETCD_ENDPOINT'] as string });
for (let i = 0; i < 9; i++) await client.put(`d/${i}`).value(i);

await client.delete().key('d/0');
const response = await client.delete().inRange({ start: 'd/1', end: 'd/3' }).exec();
console.log(Number(response.deleted));
await client.delete().range(client.range({ start: 'd/3', end: 'd/5' }));
const previous = await client.delete().key('d/5').getPrevious();
console.log(
  previous.map((kv) => kv.value.toString()),
  await client.getAll().keys(),
);
await client.delete().prefix('d/');
console.log(await client.getAll().keys());
client.close();
