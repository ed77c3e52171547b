import { Etcd3, type Namespace } from 'etcd3';

const client = new Etcd3({ hosts: process.env['ETCD_ENDPOINT'] as string });
const ns = client.namespace('user1/');
await ns.put('foo').value('bar'); // sets the key `user1/foo` to `bar`
await client.put('user2/foo').value('other');

async function fill(space: Namespace, names: readonly string[]): Promise<string[]> {
  await Promise.all(names.map((name) => space.put(name).value(name)));
  return await space.getAll().keys();
}

console.log(await fill(ns.namespace('deep/'), ['a', 'b']), await ns.getAll().strings());
await client.namespace('plain').put('x').value('y');
console.log(await client.getAll().keys());
await ns.delete().all(); // deletes all keys with the prefix `user1/`
console.log(await client.getAll().keys());
client.close();
