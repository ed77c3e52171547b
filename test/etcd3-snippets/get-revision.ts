import { Etcd3 } from 'etcd3';

const client = new Etcd3({ hosts: process.env['ETCD_ENDPOINT'] as string });
const first = await client.put('versioned').value('one');
await client.put('versioned').value('two');

const old = await client.get('versioned').revision(first.header.revision).string();
const text: string = first.header.revision.toString();
console.log(old, await client.get('versioned').revision(text).string());
console.log(await client.get('versioned').serializable(true).string());
console.log(
  await client.getAll().prefix('versioned').minModRevision(first.header.revision).maxCreateRevision(text).keys(),
);
client.close();
