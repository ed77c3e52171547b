import { Etcd3, EtcdLeaseInvalidError, EtcdRoleExistsError, GRPCOutOfRangeError, GRPCUnavailableError } from 'etcd3';

const client = new Etcd3({ hosts: process.env['ETCD_ENDPOINT'] as string });

async function nameOf(work: () => Promise<unknown>): Promise<string> {
  try {
    await work();
    return 'none';
  } catch (error) {
    if (error instanceof EtcdRoleExistsError) return 'exists';
    if (error instanceof EtcdLeaseInvalidError || error instanceof TypeError) return 'no lease';
    return error instanceof GRPCOutOfRangeError ? 'out of range' : 'another one';
  }
}

await client.role('twice').create();
console.log(await nameOf(() => client.role('twice').create()));
console.log(await nameOf(async () => await client.put('key').value('').lease('12345')));
console.log(await nameOf(async () => await client.get('key').revision(1_000_000).string()));
console.log(await nameOf(async () => await client.get('key').string()));
await client.role('twice').delete();
client.close();

const away = new Etcd3({ hosts: '127.0.0.1:1', dialTimeout: 500 });
await away
  .get('key')
  .string()
  .catch((error: Error) => console.log('unavailable', error instanceof GRPCUnavailableError));
away.close();
