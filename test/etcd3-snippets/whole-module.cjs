'use strict';
const etcd3 = require('etcd3');

async function main() {
  const client = new etcd3.Etcd3({ hosts: [process.env.ETCD_ENDPOINT] });
  await client.put('a').value(1);
  await client.put('b').value(2.5);
  try {
    await client.role('nobody').delete();
  } catch (error) {
    console.log(error instanceof etcd3.EtcdRoleNotFoundError, error instanceof TypeError);
  }
  console.log(await client.getAll().numbers());
  client.close();
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
