import { isEtcdError, type EtcdOperations } from '@etcdts/core';

/** What is behind a prefix at a revision, by the rest of the key. */
export type Apply = (texts: ReadonlyMap<string, string>, revision: bigint) => void;

/**
 * Calls `apply` with everything behind `prefix`: now, and after each change, until `signal` aborts. Lost connections are
 * the client's business. Where etcd has compacted what was missed meanwhile, everything is read again.
 */
export async function follow(client: EtcdOperations, prefix: string, apply: Apply, signal: AbortSignal): Promise<void> {
  const rest = (key: Buffer): string => key.toString().slice(prefix.length);
  for (;;) {
    const { header, kvs } = await client.kv.get(prefix, { prefix: true, signal });
    const texts = new Map(kvs.map((kv) => [rest(kv.key), kv.text()]));
    apply(texts, header.revision);
    try {
      // From the revision after the one that was read: nothing is missed in between, nothing seen twice.
      const watch = client.watch(prefix, { prefix: true, startRevision: header.revision + 1n, signal });
      // A response holds whole revisions, so that what one transaction wrote is applied together.
      for await (const { events } of watch) {
        for (const { type, kv } of events) {
          if (type === 'put') texts.set(rest(kv.key), kv.text());
          else texts.delete(rest(kv.key));
        }
        const last = events.at(-1);
        if (last !== undefined) apply(texts, last.kv.modRevision);
      }
      return;
    } catch (error) {
      if (!isEtcdError(error, 'COMPACTED')) throw error;
    }
  }
}
