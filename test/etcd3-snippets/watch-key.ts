import { Etcd3 } from 'etcd3';

const client = new Etcd3({ hosts: process.env['ETCD_ENDPOINT'] as string });
const watcher = await client.watch().key('foo').create();
const seen: string[] = [];
const done = new Promise<void>((resolve) => {
  watcher.on('put', (res) => {
    seen.push(res.value.toString());
    if (seen.length === 3) resolve();
  });
});
for (const value of ['1', '2', '3']) await client.put('foo').value(value);
await done;
console.log(seen);
await watcher.cancel();
client.close();
