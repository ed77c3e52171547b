import { Etcd3 } from 'etcd3';

export async function mocked(client: Etcd3): Promise<string | null> {
  const mock = client.mock({ exec: async () => ({ kvs: [] }) as never });
  const output = await client.get('foo').string();
  client.unmock();
  console.log(mock);
  return output;
}
