import { Etcd3 } from 'etcd3';

const client = new Etcd3();

export async function describe(name: string): Promise<number> {
  const role = client.role(name);
  await role.create();
  const permissions = await client.role(name).permissions();
  await client.user('ann').addRole(name);
  return permissions.length;
}
