import { Etcd3 } from 'etcd3';

const client = new Etcd3({ hosts: process.env['ETCD_ENDPOINT'] as string });
await client.put('n/1').value(1);
await client.put('n/2').value(2);

const numbers = await client.getAll().prefix('n/').numbers();
const documents = await client.getAll().prefix('n/').json();
const buffers = await client.getAll().prefix('n/').buffers();
console.log(
  numbers,
  documents,
  Object.values(buffers).map((one) => one.toString()),
);
console.log((await client.getAll().prefix('n/').keyBuffers()).map((one) => one.toString('hex')));
console.log(Object.values(numbers).reduce((sum, one) => sum + one, 0));
client.close();
