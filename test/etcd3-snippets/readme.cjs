// The first example of the readme.
const { Etcd3 } = require('etcd3');
const client = new Etcd3({ hosts: process.env.ETCD_ENDPOINT });

(async () => {
  await client.put('foo').value('bar');

  const fooValue = await client.get('foo').string();
  console.log('foo was:', fooValue);

  const allFValues = await client.getAll().prefix('f').keys();
  console.log('all our keys starting with "f":', allFValues);

  await client.delete().all();
  console.log(await client.getAll().count());
  client.close();
})();
