import { Etcd3 } from 'etcd3';

const client = new Etcd3({ hosts: process.env['ETCD_ENDPOINT'] as string });
const given: (string | number)[] = ['text', 7, 0.5];
for (const [i, value] of given.entries()) await client.put(`values/${i}`).value(value);
await client.put('values/bytes').value(Buffer.from('bytes'));
await client.put('values/literal').value(12);
const mixed = (i: number): string | number | Buffer => (i > 0 ? i : Buffer.from('zero'));
for (const i of [0, 1]) {
  const value = mixed(i);
  await client.put(`values/mixed/${i}`).value(value).exec();
}
console.log(await client.getAll().prefix('values/').strings());
client.close();
