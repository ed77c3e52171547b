import { Etcd3 } from 'etcd3';

const client = new Etcd3({ hosts: process.env['ETCD_ENDPOINT'] as string });
await client.put('t').value('5');
const { kvs } = await client.get('t').exec();
const revision = kvs[0]!.mod_revision;

const first = await client
  .if('t', 'Mod', '==', revision) // nobody has written it
  .and('t', 'Version', '<', 2)
  .and('t', 'Create', '!=', 0)
  .and('t', 'Value', '===', 5)
  .and('t', 'Lease', '==', 0)
  .then(client.put('t').value(6), client.put('u').value('new'), await client.getAll().prefix('t').op())
  .commit();
console.log(first.succeeded, await client.getAll().strings());

const second = await client
  .if('t', 'Mod', '==', revision)
  .then(client.delete().all())
  .else(client.delete().key('u'), client.put('v').value('else'))
  .commit();
console.log(second.succeeded, await client.getAll().strings());
client.close();
