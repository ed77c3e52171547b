import { Etcd3 } from 'etcd3';

const client = new Etcd3({ hosts: process.env['ETCD_ENDPOINT'] as string });
await client.put('key').value('old');
const previous = await client.put('key').value('new').getPrevious();
console.log(previous.value.toString(), previous.key.toString(), await client.get('key').string());
client.close();
