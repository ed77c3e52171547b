import { Etcd3 } from 'etcd3';

const client = new Etcd3({ hosts: process.env['ETCD_ENDPOINT'] as string });
await client.put('here').value('');

if (await client.get('here').exists()) console.log('here');
if (!(await client.get('there').exists())) console.log('not there');
const both = await Promise.all(['here', 'there'].map((key) => client.get(key).exists()));
console.log(both, both.filter((one) => one).length);
client.close();
