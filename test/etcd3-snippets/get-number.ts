import { Etcd3 } from 'etcd3';

const client = new Etcd3({ hosts: process.env['ETCD_ENDPOINT'] as string });
await client.put('visits').value(41);
await client.put('word').value('many');

const visits = (await client.get('visits').number()) || 0;
await client.put('visits').value(visits + 1);
console.log(
  await client.get('visits').number(),
  await client.get('word').number(),
  await client.get('nothing').number(),
);
await client
  .get('visits')
  .number()
  .then((count) => console.log('then', count))
  .finally(() => client.close());
