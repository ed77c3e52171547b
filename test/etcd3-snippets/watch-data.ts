import { Etcd3 } from 'etcd3';

const client = new Etcd3({ hosts: process.env['ETCD_ENDPOINT'] as string });
const watcher = await client.watch().prefix('x').create();
let lines: string[] = [];
watcher.on('data', (response) => {
  for (const event of response.events)
    lines.push(`${event.type === 'Put' ? 'written' : 'gone'} ${event.kv.key.toString()}`);
});
await client.if('x1', 'Create', '==', 0).then(client.put('x1').value(''), client.put('x2').value('')).commit();
await client.delete().key('x1');
while (lines.length < 3) await new Promise((resolve) => setTimeout(resolve, 5));
console.log(lines);
await watcher.cancel();
client.close();
