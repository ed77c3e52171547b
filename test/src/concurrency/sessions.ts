import { createClient, type EtcdClient, type EtcdOperations } from '@etcdts/core';
import { openSession, type Session } from '@etcdts/concurrency';

/** Sessions of one test. */
export interface Sessions extends AsyncDisposable {
  readonly open: readonly [Session, Session, ...Session[]];
}

/** Opens sessions, each of a client of its own, which end with the test. */
export async function openSessions(
  endpoints: string | readonly string[],
  count = 2,
  ttl = 60,
  wrap: (client: EtcdClient) => EtcdOperations = (client) => client,
): Promise<Sessions> {
  const clients = Array.from({ length: count }, () => createClient({ endpoints }));
  const open = await Promise.all(clients.map((client) => openSession(wrap(client), { ttl })));
  return {
    open: open as [Session, Session],
    async [Symbol.asyncDispose]() {
      await Promise.allSettled(open.map((session) => session.close()));
      await Promise.all(clients.map((client) => client.close()));
    },
  };
}

/** How many keys contend for a name. */
export async function contenders(client: EtcdOperations, name: string): Promise<number> {
  return (await client.kv.get(`${name}/`, { prefix: true, countOnly: true })).count;
}
