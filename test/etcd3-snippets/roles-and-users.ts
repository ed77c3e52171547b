import { Etcd3 } from 'etcd3';

const client = new Etcd3({ hosts: process.env['ETCD_ENDPOINT'] as string });
await client.role('reader').create();
await client.role('reader').grant({ permission: 'Read', range: client.range({ prefix: 'shared/' }) });
await client.role('reader').grant([
  { permission: 'Readwrite', key: 'own' },
  { permission: 'Write', range: client.range({ start: 'a', end: 'c' }) },
]);
await client.role('reader').revoke({ permission: 'Readwrite', key: 'own' });
await client.user('ann').create('sentinel-pass');
await client.user('ann').addRole('reader');
await client.user('ann').setPassword('sentinel-other');
console.log(
  (await client.getRoles()).map((role) => role.name),
  (await client.getUsers()).map((user) => user.name),
);
console.log((await client.user('ann').roles()).map((role) => role.name));
await client.role('reader').removeUser('ann');
console.log((await client.user('ann').roles()).length);
await client.user('ann').delete();
await client.role('reader').delete();
console.log((await client.getRoles()).length);
client.close();
