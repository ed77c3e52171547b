import { Etcd3, type IOptions } from 'etcd3';

// Where etcd is.
const options: IOptions = {
  hosts: [process.env['ETCD_ENDPOINT'] as string], // one of many
  dialTimeout: 2_000,
  /* for each call */
  defaultCallOptions: () => ({ deadline: Date.now() + 5_000 }),
};

const client = new Etcd3(options);
await client
  .put('key')
  .value('value')
  .options({ deadline: Date.now() + 1_000 });
const value = await client
  .get('key')
  .options({ deadline: Date.now() + 1_000 })
  .string();
console.log(value);
client.close();
