const fs = require('fs');
const { Etcd3: Client, EtcdUserNotFoundError } = require('etcd3');

const auth = 'a name that is taken';
const op = fs.existsSync('/nowhere');

module.exports = async function main() {
  const client = new Client({ hosts: process.env.ETCD_ENDPOINT });
  await client.put('one').value(`${auth} ${op}`);
  await client
    .user('nobody')
    .delete()
    .catch((error) => {
      if (error instanceof EtcdUserNotFoundError) console.log('no such user');
    });
  const { succeeded } = await client.if('one', 'Version', '>', 0).then(client.put('two').value('2')).commit();
  console.log(succeeded, await client.getAll().strings());
  client.close();
};

if (require.main === module) module.exports();
