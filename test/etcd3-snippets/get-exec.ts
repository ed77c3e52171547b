import { Etcd3, type IKeyValue } from 'etcd3';

const show = (kv: IKeyValue): string =>
  `${kv.key.toString()}=${kv.value.toString()} ${kv.mod_revision === kv.create_revision}`;

const client = new Etcd3({ hosts: process.env['ETCD_ENDPOINT'] as string });
await client.put('raw/1').value('a');
await client.put('raw/2').value('b');
await client.put('raw/2').value('c');

const one = await client.get('raw/1').exec();
console.log(one.kvs.map(show), one.more);
const { kvs, count } = await client.getAll().prefix('raw/').exec();
console.log(kvs.map(show), Number(count), `version ${kvs[1]?.version}`);
client.close();
