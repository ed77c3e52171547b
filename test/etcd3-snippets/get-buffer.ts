import { Etcd3 } from 'etcd3';

const client = new Etcd3({ hosts: process.env['ETCD_ENDPOINT'] as string });
const bytes = Buffer.from([0, 255, 128, 10]);
await client.put(Buffer.from([1, 2])).value(bytes);

const read = await client.get(Buffer.from([1, 2])).buffer();
console.log(read?.equals(bytes), read?.toString('base64'), await client.get('nothing').buffer());
client.close();
