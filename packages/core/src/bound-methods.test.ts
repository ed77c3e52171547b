import { assert, rejects, suite } from '@etcdts/testing';
import { createClient, type EtcdClient } from './client.ts';
import { isEtcdError } from './errors.ts';
import type { Method } from './methods.ts';
import { wrapClient } from './wrap.ts';

const test = suite('bound methods');

/** A client whose innermost interceptor answers every call with nothing, and notes the methods. */
function noting(): { client: EtcdClient; seen: string[] } {
  const seen: string[] = [];
  const note = (method: Method) => async () => (seen.push(method.name), {} as never);
  const client = createClient({
    endpoints: '127.0.0.1:1',
    interceptors: [{ name: 'noting', unary: (_, method) => note(method) }],
  });
  return { client, seen };
}

test('methods of every interface work without their object', async () => {
  const { client, seen } = noting();
  const { get, put, delete: remove, do: run, compact, pages } = client.kv;
  const { grant, revoke, leases, keepAlive } = client.lease;
  const { memberList, memberRemove } = client.cluster;
  const { status, alarmList, snapshot } = client.maintenance;
  const { watch, requestProgress } = client.watcher;
  await get('k');
  await put('k', 'v');
  await remove('k');
  await compact(1);
  await grant(5);
  await revoke(5n);
  await leases();
  await memberList();
  await memberRemove(5n);
  await status('a:1');
  await alarmList();
  const sent = 'Range Put DeleteRange Compact LeaseGrant LeaseRevoke LeaseLeases MemberList MemberRemove Status Alarm';
  assert.equal(seen, sent.split(' '));
  await rejects(run(undefined as never), { code: 'INVALID_ARGUMENT' });
  await requestProgress();
  await watch('k').cancel();
  await keepAlive(5n).cancel();
  for (const stream of [pages('k'), snapshot()]) assert.type(stream[Symbol.asyncIterator], 'function');
  await client.close();
});

test('so do those of a client, a derived and a wrapped one', async () => {
  const { client } = noting();
  const wrapped = wrapClient(client, {});
  for (const { watch, kv } of [client, wrapped]) {
    await watch('k').cancel();
    const { get } = kv;
    await get('k');
  }
  const { setEndpoints, intercept, describe, close } = client;
  setEndpoints(['b:1']);
  assert.equal(client.endpoints, ['b:1']);
  assert.is(intercept().endpoints.length, 1);
  assert.is(describe().closed, false);
  await close();
  assert.is(describe().closed, true);
});

test('a copy of an interface is whole', async () => {
  const { client } = noting();
  const kv = { ...client.kv, put: async () => Promise.reject(new Error('no writes')) };
  await kv.get('k');
  await rejects(kv.put(), /no writes/);
  await rejects(kv.get(''), (error: unknown) => isEtcdError(error, 'EMPTY_KEY'));
  await client.close();
});

test.run();
