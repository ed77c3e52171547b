import { Etcd3 } from 'etcd3';

const client = new Etcd3({ hosts: process.env['ETCD_ENDPOINT'] as string });
const { header } = await client.put('w/0').value('before');
await client.put('w/1').value('also before');

const seen: string[] = [];
const note = (line: string): void => {
  seen.push(line);
};
const watcher = await client.watch().prefix('w/').withPreviousKV().startRevision(header.revision).create();
watcher
  .on('put', (kv, previous) =>
    note(`put ${kv.key.toString()} ${kv.value.toString()} was ${previous?.value.toString()}`),
  )
  .on('delete', (kv, previous) => note(`delete ${kv.key.toString()} was ${previous?.value.toString()}`))
  .on('error', (error) => note(error.message));
await client.put('w/0').value('after');
await client.delete().key('w/1');
while (seen.length < 4) await new Promise((resolve) => setTimeout(resolve, 5));
console.log(seen);
await watcher.cancel();
client.close();
