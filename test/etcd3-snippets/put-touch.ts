import { Etcd3 } from 'etcd3';

const client = new Etcd3({ hosts: process.env['ETCD_ENDPOINT'] as string });
await client.put('touched').value('kept');
const before = await client.get('touched').exec();
await client.put('touched').touch();
const after = await client.get('touched').exec();
console.log(after.kvs[0]?.value.toString(), Number(after.kvs[0]?.version));
console.log(after.kvs[0]?.mod_revision !== before.kvs[0]?.mod_revision);
await client
  .put('nothing')
  .touch()
  .catch((error: Error) => console.log('touch needs a key:', error.message.includes('key')));
client.close();
