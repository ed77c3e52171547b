import { Etcd3, EtcdAuthenticationFailedError, EtcdPermissionDeniedError } from 'etcd3';

const hosts = process.env['ETCD_ENDPOINT'] as string;
const open = new Etcd3({ hosts });
await open.user('root').create('sentinel-root');
await open.role('root').create();
await open.user('root').addRole('root');
await open.role('app').create();
await open.role('app').grant({ permission: 'Readwrite', range: open.range({ prefix: 'app/' }) });
await open.user('app').create('sentinel-app');
await open.user('app').addRole('app');
await open.auth.authEnable();

const client = new Etcd3({ hosts, auth: { username: 'app', password: 'sentinel-app' } });
await client.put('app/key').value('mine');
console.log(await client.get('app/key').string());
try {
  await client.put('other').value('not mine');
} catch (error) {
  console.log('denied', error instanceof EtcdPermissionDeniedError);
}
client.close();

const stranger = new Etcd3({ hosts, auth: { username: 'app', password: 'sentinel-wrong' } });
await stranger
  .get('app/key')
  .string()
  .catch((error: unknown) => {
    console.log('refused', error instanceof EtcdAuthenticationFailedError);
  });
stranger.close();

const root = new Etcd3({ hosts, auth: { username: 'root', password: 'sentinel-root' } });
await root.auth.authDisable();
for (const user of ['app', 'root']) await root.user(user).delete();
for (const role of ['app', 'root']) await root.role(role).delete();
root.close();
open.close();
