// The example of ComparatorBuilder.
import { randomUUID } from 'node:crypto';
import { Etcd3 } from 'etcd3';

const client = new Etcd3({ hosts: process.env['ETCD_ENDPOINT'] as string });
const id = randomUUID();

function lock(): Promise<void> {
  return client
    .if('my_lock', 'Create', '==', 0)
    .then(client.put('my_lock').value(id))
    .else(client.get('my_lock'))
    .commit()
    .then((result) => console.log(result.succeeded ? 'lock acquired' : 'already locked'));
}

function unlock() {
  return client.if('my_lock', 'Value', '==', id).then(client.delete().key('my_lock')).commit();
}

await lock();
await lock();
console.log((await unlock()).succeeded, (await unlock()).succeeded);
await lock();
client.close();
