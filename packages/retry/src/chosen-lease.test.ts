// Whose lease id it is, through whole clients: the innermost interceptor answers in place of etcd.
import { createClient, type EtcdClient, type EtcdOperations } from '@etcdts/core';
import { invoke, methods, wrapClient, type Interceptor, type LeaseGrantRequest } from '@etcdts/core/plugin';
import { assert, rejects, suite } from '@etcdts/testing';
import { failure } from './fakes.test.kit.ts';
import { retry } from './index.ts';

const test = suite('retry: who chose the lease id');

const header = { clusterId: 1n, memberId: 2n, revision: 3n, raftTerm: 4n };

/** An etcd that loses the first answer to a grant, and has a lease of that id afterwards. */
function lossyEtcd(): { readonly interceptor: Interceptor; readonly granted: bigint[] } {
  const granted: bigint[] = [];
  const answer = (name: string, request: unknown): unknown => {
    if (name === 'LeaseTimeToLive') return { header, id: granted[0], ttl: 5, grantedTtl: 5, keys: [] };
    if (name !== 'LeaseGrant') return { header };
    granted.push((request as LeaseGrantRequest).id);
    throw granted.length === 1 ? failure('UNAVAILABLE', { outcome: 'unknown' }) : failure('LEASE_EXIST');
  };
  const interceptor: Interceptor = {
    name: 'lossy etcd',
    unary: (_, method) => async (call) => answer(method.name, call.request) as never,
  };
  return { interceptor, granted };
}

/** Runs `grant` over a client with `retry()`, and returns the ids that came to etcd. */
async function granting<T>(grant: (client: EtcdClient) => Promise<T>): Promise<{ ids: bigint[]; result: Promise<T> }> {
  const { interceptor, granted } = lossyEtcd();
  await using client = createClient({ endpoints: '127.0.0.1:1', interceptors: [retry(), interceptor] });
  const result = grant(client);
  await result.catch(() => {});
  return { ids: granted, result };
}

/** A client whose every grant has this id; it hands on call options only. */
function numbering(client: EtcdOperations, id: bigint): EtcdOperations {
  return wrapClient(client, {
    lease: (next) => ({
      grant: (request, { signal, timeoutMs }) => next.grant({ ...request, id }, { signal, timeoutMs }),
      revoke: (request, options) => next.revoke(request, options),
      timeToLive: (request, options) => next.timeToLive(request, options),
      leases: (options) => next.leases(options),
      keepAlive: (one, options) => next.keepAlive(one, options),
      keepAliveOnce: (one, options) => next.keepAliveOnce(one, options),
    }),
  });
}

test('a lease of an id that the client drew means that the first try granted it', async () => {
  const { ids, result } = await granting((client) => client.lease.grant(5));
  assert.equal(await result, { header, id: ids[0], ttl: 5 });
  assert.is(ids.length, 1);
});

test('a lease of an id that the caller, a wrapper or invoke chose may be a stranger’s: the grant stays unknown', async () => {
  const unknown = { code: 'UNAVAILABLE', outcome: 'unknown' } as const;
  const byCaller = await granting((client) => client.lease.grant(5, { id: 7n }));
  await rejects(byCaller.result, unknown);
  const byWrapper = await granting((client) => numbering(client, 7n).lease.grant(5));
  await rejects(byWrapper.result, unknown);
  const byInvoke = await granting((client) => invoke(client, methods.leaseGrant, { id: 7n, ttl: 5 }));
  await rejects(byInvoke.result, unknown);
  for (const { ids } of [byCaller, byWrapper, byInvoke]) assert.equal(ids, [7n]);
  const twice = await granting((client) => client.lease.grant(5, { id: 7n, retry: { writes: 'at-least-once' } }));
  await rejects(twice.result, { code: 'LEASE_EXIST', outcome: 'unknown' });
});

test.run();
