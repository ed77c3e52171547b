import { Etcd3 } from 'etcd3';

const client = new Etcd3();

export async function list(prefix: string, limit?: number): Promise<string[]> {
  const query = client.getAll().prefix(prefix);
  if (limit !== undefined) query.limit(limit);
  return await query.keys();
}

export async function putAll(entries: Record<string, string>): Promise<boolean> {
  const puts = Object.entries(entries).map(([key, value]) => client.put(key).value(value));
  const { succeeded } = await client
    .if('lock', 'Create', '==', 0)
    .then(...puts)
    .commit();
  return succeeded;
}

export async function count(): Promise<number> {
  client.put('never').value('sent');
  return await client.getAll().count();
}
