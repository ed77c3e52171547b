import { Etcd3 } from 'etcd3';

const client = new Etcd3({ hosts: process.env['ETCD_ENDPOINT'] as string });
const ids = [1, 2, 3];

await Promise.all(ids.map((id) => client.put(`many/${id}`).value(id * 10)));
await Promise.all([client.put('many/4').value('40'), client.delete().key('many/1')]);
const values = await Promise.all(ids.map(async (id) => client.get(`many/${id}`).number()));
console.log(values, Math.max(...Object.values(await client.getAll().prefix('many/').numbers())));

const remove = (id: number) => client.delete().key(`many/${id}`);
for (const id of ids) await remove(id);
const left = ids.length > 2 ? await client.getAll().prefix('many/').keys() : [];
console.log(left);
client.close();
