import { createClient, type EtcdClient, type KeyValue } from '@etcdts/core';
import { openSession, type Session } from '@etcdts/concurrency';

/** Opens sessions, each of a client of its own, that end when they are disposed of. */
export async function openSessions(
  endpoint: string | readonly string[],
  count: number,
  ttl = 60,
): Promise<readonly [Session, Session, Session, ...Session[]] & AsyncDisposable> {
  const clients = Array.from({ length: count }, () => createClient({ endpoints: endpoint }));
  const open = await Promise.all(clients.map((one) => openSession(one, { ttl })));
  return Object.assign(open as unknown as [Session, Session, Session, ...Session[]], {
    async [Symbol.asyncDispose]() {
      await Promise.all(open.map((session) => session.close({ timeoutMs: 2_000 }).catch(() => {})));
      await Promise.all(clients.map((one) => one.close()));
    },
  });
}

/** The keys of the contenders for a name, oldest first. */
export async function keysOf(client: EtcdClient, name: string): Promise<readonly KeyValue[]> {
  const sort = { by: 'createRevision', order: 'ascend' } as const;
  return (await client.kv.get(`${name}/`, { prefix: true, sort })).kvs;
}

/** What an iteration yields next. */
export async function first<T>(iterable: AsyncIterable<T>): Promise<T> {
  for await (const one of iterable) return one;
  throw new Error('the iteration has ended');
}
