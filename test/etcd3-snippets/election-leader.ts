import { Etcd3 } from 'etcd3';

const client = new Etcd3({ hosts: process.env['ETCD_ENDPOINT'] as string });
console.log(await client.election('singleton-job').leader());
await client.put('election/singleton-job/abc').value('worker-1');
const name = 'singleton-job';
console.log(await client.election(name).leader());
client.close();
