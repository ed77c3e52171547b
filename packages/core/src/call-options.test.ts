import { assert, rejects, suite } from '@etcdts/testing';
import { CallOptionNames, NO_OPTIONS, ownOptions } from './call-options.ts';
import type { Call, Interceptor } from './call.ts';
import { createClient, type EtcdClient } from './client.ts';
import { isEtcdError } from './errors.ts';
import { op } from './kv/op.ts';
import type { KVService } from './kv/service.ts';
import { wrapClient } from './wrap.ts';

const test = suite('call options');

const OWN = ownOptions<{ limit?: number; lease?: bigint }>({ limit: true, lease: true });
const names = new CallOptionNames(['retry']);
const any = (options: object): Record<string, never> => options as Record<string, never>;

const header = { clusterId: 1n, memberId: 2n, revision: 3n, raftTerm: 4n };

/** A client whose innermost interceptor answers every call and notes its options, by method. */
function noting(...declared: string[]): { client: EtcdClient; seen: Record<string, object> } {
  const seen: Record<string, object> = {};
  const answer = {
    header,
    ...{ kvs: [], more: false, count: 0, responses: [], succeeded: true, prevKvs: [], alarms: [], members: [] },
    ...{ id: 1n, ttl: 5, keys: [], leases: [] },
  };
  const interceptor: Interceptor = {
    name: 'noting',
    options: declared,
    unary: (_, method) => async (call) => ((seen[method.name] = (call as Call).options), answer as never),
  };
  return { client: createClient({ endpoints: '127.0.0.1:1', interceptors: [interceptor] }), seen };
}

test('without options there is one object, and options that are all for the call are handed on as they are', () => {
  assert.is(names.of(undefined, OWN), NO_OPTIONS);
  const options = { timeoutMs: 5 };
  assert.is(names.of(options, OWN), options);
  assert.is(names.of(any({ limit: 1 }), OWN), NO_OPTIONS);
  assert.equal(names.of(any({ limit: 1, timeoutMs: 5, retry: false }), OWN), { timeoutMs: 5, retry: false });
});

test('an unknown option is refused by name, with the known one that it resembles', () => {
  for (const [given, meant] of [
    ['leaseId', '; did you mean lease?'],
    ['timeout', '; did you mean timeoutMs?'],
    ['Limit', '; did you mean limit?'],
    ['singal', '; did you mean signal?'],
    ['leaseIdOrLimit', '; did you mean limit?'],
    [
      'colour',
      '; there are limit, lease, retry, signal, timeoutMs, requireLeader, endpoint, avoid, metadata, confidential',
    ],
  ] as const) {
    assert.throws(
      () => names.of(any({ [given]: 1 }), OWN),
      (error: unknown) =>
        isEtcdError(error, 'INVALID_ARGUMENT') &&
        error.argument === given &&
        error.message === `INVALID_ARGUMENT: unknown option ${given}${meant}`,
      given,
    );
  }
});

test('what is no object of options is refused', () => {
  for (const bad of [null, 'utf8', 5, () => {}]) {
    assert.throws(() => names.of(bad as never, OWN), /INVALID_ARGUMENT: options must be an object of options, not /);
  }
});

test('operations hand on call options only, with those that interceptors declare, and never their own', async () => {
  const { client, seen } = noting('actor');
  const call = { timeoutMs: 500, requireLeader: true, actor: 'alice' };
  await client.kv.get('k', any({ ...call, prefix: true, limit: 3, sort: { by: 'key', order: 'ascend' } }));
  await client.kv.put('k', 'v', any({ ...call, lease: 5n, prevKv: true }));
  await client.kv.delete('k', any({ ...call, prefix: true, prevKv: true }));
  await client.kv.txn({}, any(call));
  await client.kv.compact(3, any({ ...call, physical: true }));
  await client.lease.grant(5, any({ ...call, id: 7n }));
  await client.lease.timeToLive(7n, any({ ...call, keys: true }));
  await client.cluster.memberList(any({ ...call, serializable: true }));
  await client.maintenance.alarmList(any(call));
  for (const [method, options] of Object.entries(seen)) assert.equal(options, call, method);
  assert.is(Object.keys(seen).length, 9);
  await client.close();
});

test('OP-03 OP-04 OP-05 a misspelt option is refused by every operation, before anything is sent', async () => {
  const { client, seen } = noting();
  const wrong = any({ leasId: 7n });
  const refused = { code: 'INVALID_ARGUMENT', argument: 'leasId', attempts: 0 } as const;
  const { kv, lease, cluster, maintenance } = client;
  const calls: readonly (() => unknown)[] = [
    () => kv.get('k', wrong),
    () => kv.put('k', 'v', wrong),
    () => kv.delete('k', wrong),
    () => kv.txn({}, wrong),
    () => kv.do(op.get('k'), wrong),
    () => op.txn({ then: [], leasId: [] } as never),
    () => kv.compact(1, wrong),
    () => kv.pages('k', wrong),
    () => op.get('k', wrong),
    () => op.put('k', 'v', wrong),
    () => op.delete('k', wrong),
    () => client.watch('k', wrong),
    () => client.watcher.requestProgress(wrong),
    () => lease.grant(5, wrong),
    () => lease.revoke(5n, wrong),
    () => lease.timeToLive(5n, wrong),
    () => lease.leases(wrong),
    () => lease.keepAlive(5n, wrong),
    () => lease.keepAliveOnce(5n, wrong),
    () => cluster.memberList(wrong),
    () => cluster.memberAdd(['http://a:1'], wrong),
    () => cluster.memberAddAsLearner(['http://a:1'], wrong),
    () => cluster.memberRemove(5n, wrong),
    () => cluster.memberUpdate(5n, ['http://a:1'], wrong),
    () => cluster.memberPromote(5n, wrong),
    () => maintenance.status('a:1', wrong),
    () => maintenance.defragment('a:1', wrong),
    () => maintenance.hash('a:1', wrong),
    () => maintenance.hashKv('a:1', 0, wrong),
    () => maintenance.alarmList(wrong),
    () => maintenance.alarmDisarm({}, wrong),
    () => maintenance.moveLeader(5n, wrong),
    () => maintenance.downgrade('cancel', '', wrong),
    () => maintenance.snapshot(wrong),
  ];
  for (const call of calls) await rejects((async () => call())(), refused);
  assert.equal(seen, {});
  await client.close();
});

test('a wrapper declares call options of its own, beside those of the interceptors below it', async () => {
  const { client, seen } = noting('actor');
  const given: object[] = [];
  const wrapped = wrapClient(client, {
    options: ['stale'],
    kv: (next): KVService => ({
      range: (request, options) => (given.push(options), next.range(request, {})),
      rangeStream: (request, options) => next.rangeStream(request, options),
      put: (request, options) => next.put(request, options),
      deleteRange: (request, options) => next.deleteRange(request, options),
      txn: (request, options) => next.txn(request, options),
      compact: (request, options) => next.compact(request, options),
    }),
  });
  await wrapped.kv.get('k', any({ stale: true, actor: 'alice' }));
  assert.equal(given, [{ stale: true, actor: 'alice' }]);
  assert.equal(seen, { Range: {} });
  await rejects(client.kv.get('k', any({ stale: true })), { code: 'INVALID_ARGUMENT', argument: 'stale' });
  await client.close();
});

test.run();
