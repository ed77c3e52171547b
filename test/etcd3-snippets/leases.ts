// The example of Lease: hosts that are there.
import { Etcd3 } from 'etcd3';

const client = new Etcd3({ hosts: process.env['ETCD_ENDPOINT'] as string });
const hostPrefix = 'available-hosts/';

async function grantLease() {
  const lease = client.lease(10); // set a TTL of 10 seconds
  await lease.put(hostPrefix + 'one').value('');
  return async () => {
    await lease.revoke();
  };
}

async function getAvailableHosts() {
  const keys = await client.getAll().prefix(hostPrefix).keys();
  return keys.map((key) => key.slice(hostPrefix.length));
}

const leave = await grantLease();
console.log(await getAvailableHosts());
await leave();
console.log(await getAvailableHosts());
client.close();
