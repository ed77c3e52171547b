import { createClient, type EtcdError } from '@etcdts/core';
import { tapStream, type Interceptor } from '@etcdts/core/plugin';
import { assert, eventually, rejects, startCluster, startEtcd, startProxy, suite } from '@etcdts/testing';
import type { EtcdMember, EtcdServer } from '@etcdts/testing';

const test = suite('interceptors on etcd', { timeoutMs: 20_000 });

let etcd: EtcdServer;
test.before(async () => {
  etcd = await startEtcd();
});
test.after(() => etcd?.close());

/** Records every RPC and stream attempt that passes. */
function counter(name = 'counter'): Interceptor & { readonly seen: string[] } {
  const seen: string[] = [];
  return {
    name,
    seen,
    unary: (next, method) => (call) => {
      seen.push(method.name);
      return next(call);
    },
    stream: (next, method) => (call) => {
      seen.push(method.name);
      return next(call);
    },
  };
}

test('an interceptor sees every RPC, and a resumed watch once more', async () => {
  const { seen, ...interceptor } = counter();
  await using proxy = await startProxy(etcd.endpoint);
  await using client = createClient({ endpoints: proxy.endpoint, interceptors: [interceptor] });
  await client.kv.put('test-interceptors', 'x');
  await client.cluster.memberList();
  const watch = client.watch('interceptors/watch');
  await watch.created;
  assert.equal(seen, ['Put', 'MemberList', 'Watch']);
  proxy.cut();
  await eventually(() => seen.filter((name) => name === 'Watch').length === 2);
  const next = watch[Symbol.asyncIterator]().next();
  await client.kv.put('interceptors/watch', 'y');
  assert.is((await next).value?.events[0]?.kv.text(), 'y');
  await watch.cancel();
});

test('metadata that an interceptor adds reaches etcd', async () => {
  const demanding: Interceptor = {
    name: 'demanding',
    unary: (next) => (call) => next({ ...call, metadata: { ...call.metadata, hasleader: 'true' } }),
  };
  // A member that waits for its second one has no leader. It refuses calls that require one, and answers others.
  await using pair = await startCluster({ members: 2 });
  const [stays, goes] = pair.members as [EtcdMember, EtcdMember];
  await using client = createClient({ endpoints: stays.clientUrl });
  await using derived = client.intercept(demanding);
  await goes.kill();
  await eventually(() =>
    derived.kv.get('test-interceptors', { serializable: true }).then(
      () => false,
      (error: EtcdError) => error.code === 'NO_LEADER',
    ),
  );
  await client.kv.get('test-interceptors', { serializable: true });
});

test('intercept makes a new client over the same connections, and leaves the base as it was', async () => {
  await using proxy = await startProxy(etcd.endpoint);
  const outer = counter('outer');
  const inner = counter('inner');
  await using base = createClient({ endpoints: proxy.endpoint, interceptors: [outer] });
  await base.kv.put('test-interceptors', 'x');
  const derived = base.intercept(inner);
  assert.equal(derived.describe().interceptors, ['outer', 'inner']);
  assert.equal(base.describe().interceptors, ['outer']);
  await derived.kv.put('test-interceptors', 'y');
  const watch = derived.watch('test-interceptors');
  await watch.created;
  await base.kv.put('test-interceptors', 'z');
  assert.equal(inner.seen, ['Put', 'Watch']);
  assert.equal(outer.seen, ['Put', 'Put', 'Watch', 'Put']);
  assert.is(proxy.accepted, 1);
  await derived.close();
  await rejects(derived.kv.get('test-interceptors'), { code: 'CLIENT_CLOSED' });
  assert.is((await watch[Symbol.asyncIterator]().next()).done, true);
  await base.kv.get('test-interceptors');
  assert.is(proxy.connections, 1);
});

test('closing the base closes what was derived from it', async () => {
  const base = createClient({ endpoints: etcd.endpoint });
  const derived = base.intercept().intercept();
  const watch = derived.watch('test-interceptors');
  await watch.created;
  await base.close();
  await rejects(derived.kv.get('test-interceptors'), { code: 'CLIENT_CLOSED' });
  assert.is((await watch[Symbol.asyncIterator]().next()).done, true);
});

test('a name that is taken is refused', () => {
  assert.throws(
    () => createClient({ endpoints: etcd.endpoint, interceptors: [counter('a'), counter('a')] }),
    /INVALID_ARGUMENT: interceptors/,
  );
});

test('an interceptor may call next again, and sees the answer on its way back', async () => {
  const order: string[] = [];
  const twice: Interceptor = {
    name: 'twice',
    unary: (next) => async (call) => {
      await next(call);
      order.push(`attempt ${call.attempt}`);
      return next({ ...call, attempt: call.attempt + 1 });
    },
  };
  await using client = createClient({ endpoints: etcd.endpoint, interceptors: [twice] });
  await client.kv.put('interceptors/twice', 'x');
  order.push('answered');
  assert.equal(order, ['attempt 1', 'answered']);
  assert.is((await client.kv.get('interceptors/twice')).kvs[0]?.version, 2);
});

test('tapStream sees what a watch sends and receives, and how it ends', async () => {
  const log: string[] = [];
  const tap: Interceptor = {
    name: 'tap',
    stream: (next) => (call) =>
      tapStream(next(call), {
        sent: () => log.push('sent'),
        received: () => log.push('received'),
        ended: () => log.push('ended'),
      }),
  };
  const client = createClient({ endpoints: etcd.endpoint, interceptors: [tap] });
  const watch = client.watch('interceptors/tap');
  await watch.created;
  await client.close();
  assert.equal(log, ['sent', 'received', 'ended']);
});

test.run();
