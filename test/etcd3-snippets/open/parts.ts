import { Etcd3 } from 'etcd3';

const client = new Etcd3();

export async function unlessGone(key: string, column: 'Value' | 'Version', options: object): Promise<number> {
  const { succeeded, responses } = await client.if(key, 'Version', '>', 0).then(client.get(key)).commit();
  if (succeeded) console.log(responses[0]?.response_range.kvs);
  await client.if(key, column, '==', 1).then(client.put(key).value('2')).commit();
  await client.get(key).options(options).string();
  const { kvs } = await client.get(key).exec();
  return kvs.length;
}

export async function clear(): Promise<void> {
  await client.stm().transact(async (tx) => {
    await tx.delete().prefix('a');
    await tx.put('cleared').value('yes');
  });
}
