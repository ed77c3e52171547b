// Two copies of all packages in one process, and what one makes in the hands of the other: clients, interceptors, wrappers, methods,
// options, signals, errors.
import { strict as assert } from 'node:assert';
import { inspect } from 'node:util';
import * as auth from '@etcdts/auth';
import * as core from '@etcdts/core';
import * as plugin from '@etcdts/core/plugin';
import type { Interceptor } from '@etcdts/core/plugin';
import * as metrics from '@etcdts/metrics';
import * as namespace from '@etcdts/namespace';
import * as retry from '@etcdts/retry';
import { Registry } from 'prom-client';
import * as required from './required.cjs';

const imported = { auth, core, plugin, metrics, namespace, retry };
type Copy = typeof imported;

const endpoints = process.env['ETCD_ENDPOINT'] ?? '';

/** Fails the first attempt of each RPC with an error of this copy, and notes the ids of grants and who served the others. */
function flaky({ core, plugin }: Copy, ids: bigint[], served: (string | undefined)[]): Interceptor {
  return {
    name: 'flaky',
    unary: (next) => async (call) => {
      if (plugin.isCall(call, plugin.methods.leaseGrant)) ids.push(call.request.id);
      const lost = { code: 'UNAVAILABLE', message: 'lost', outcome: 'unknown', attempts: 1 } as const;
      // A grant of unknown outcome is settled by a read.
      if (call.attempt === 1 && call.method.name !== 'LeaseTimeToLive') throw new core.EtcdError(lost);
      const response = await next(call);
      served.push(call.context.get(plugin.servedBy));
      return response;
    },
  };
}

async function interceptors(one: Copy, other: Copy): Promise<void> {
  const registry = new Registry();
  const ids: bigint[] = [];
  const served: (string | undefined)[] = [];
  const client = one.core.createClient({
    endpoints,
    // The retries and errors of the other copy, counted by this one.
    interceptors: [
      one.metrics.metrics({ registry }),
      other.retry.retry({ initialBackoffMs: 1 }),
      flaky(other, ids, served),
    ],
  });
  await client.kv.get('colour');
  const { id } = await client.lease.grant(30);
  assert.equal(ids.length, 2);
  assert.notEqual(ids[0], ids[1], 'a grant of unknown outcome is repeated under another id');
  await client.kv.get('colour', { retry: { maxAttempts: 3 } });
  await client.lease.revoke(id, { retry: { maxAttempts: 1 } }).catch((error: unknown) => {
    // An error of the other copy, with the stack of the call.
    assert.ok(error instanceof one.core.EtcdError && error instanceof other.core.EtcdError);
    assert.ok(one.core.isEtcdError(error, 'UNAVAILABLE') && other.core.isEtcdError(error, 'UNAVAILABLE'));
    assert.match(error.stack ?? '', /\binterceptors\b/);
  });
  assert.ok(served.length >= 3 && served.every((endpoint) => endpoint === client.endpoints[0]));
  assert.match(await registry.metrics(), /etcdts_retries_total\{[^}]*grpc_method="Range"[^}]*\} 2/);
  const unknown = await Promise.resolve()
    .then(() => client.kv.get('colour', { retrry: false } as object))
    .catch((error: unknown) => error);
  assert.ok(other.core.isEtcdError(unknown, 'INVALID_ARGUMENT'));
  await client.close();
}

async function wrappers(one: Copy, other: Copy): Promise<void> {
  const client = one.core.createClient({ endpoints });
  const log: string[] = [];
  const inner = other.namespace.withNamespace(client, '/copies/');
  const outer = one.plugin.wrapClient(inner, { dispose: () => void log.push('outer') });
  const beside = other.plugin.wrapClient(client, { dispose: () => void log.push('beside') });
  await outer.kv.put('colour', 'blue');
  assert.equal((await client.kv.get('/copies/colour')).kvs[0]?.text(), 'blue');
  assert.equal((await beside.kv.get('/copies/colour')).count, 1);
  const operation = other.core.op.put('colour', 'red');
  const txn = await outer.kv.txn({ if: [other.core.compare.value('colour', '=', 'blue')], then: [operation] });
  assert.ok(txn.succeeded);
  const watch = outer.watch('colour', { startRevision: txn.header.revision });
  for await (const { kv } of watch.events()) {
    assert.equal(`${kv.key} ${kv.text()}`, 'colour red');
    break;
  }

  // RPCs of packages, and methods of the other copy's table.
  assert.deepEqual((await other.auth.authAdmin(client).userList()).users, []);
  const range = { key: Buffer.from('/copies/colour'), rangeEnd: Buffer.alloc(0) };
  const { kvs } = await one.plugin.invoke(client, other.plugin.methods.range, range as never);
  assert.equal(kvs.length, 1);

  // The signal of a keepalive ends a call of the other copy, and a signal that follows it.
  const { id } = await client.lease.grant(30);
  const keepAlive = beside.lease.keepAlive(id);
  const following = other.plugin.checkedSignal({ from: [keepAlive.signal] });
  const stranger = other.core.createClient({ endpoints });
  const guarded = stranger.watch('nothing', { signal: keepAlive.signal });
  const ended = guarded[Symbol.asyncIterator]()
    .next()
    .catch((error: unknown) => error);
  await guarded.created;
  await client.lease.revoke(id);
  const reason = await ended;
  assert.equal(reason, keepAlive.signal.reason);
  assert.ok(one.core.isEtcdError(reason, 'LEASE_NOT_FOUND') && other.core.isEtcdError(reason));
  assert.ok(following.signal.aborted);
  assert.equal(following.signal.reason, reason);
  await client.kv.delete('/copies/', { prefix: true });
  await stranger.close();
  await client.close();
  assert.deepEqual(log, ['beside', 'outer'], 'a client ends the wrappers of both copies');
  assert.throws(() => other.namespace.withNamespace(client, '/a/'), { code: 'CLIENT_CLOSED' });
}

async function oneError(one: Copy, other: Copy): Promise<void> {
  const lost = new one.core.EtcdError({ code: 'UNAVAILABLE', message: 'lost', outcome: 'unknown' });
  const failing: Interceptor = { name: 'failing', unary: () => () => Promise.reject(lost) };
  const failures: unknown[] = [];
  for (const { core } of [one, other]) {
    const client = core.createClient({ endpoints, interceptors: [failing] });
    failures.push(await client.kv.get('colour').catch((error: unknown) => error));
    await client.close();
  }
  assert.deepEqual(
    failures.map((error) => error instanceof one.core.EtcdError && error.message),
    ['UNAVAILABLE: lost', 'UNAVAILABLE: lost'],
  );
  // The bundler that makes the packages leaves the class its name.
  for (const error of failures) assert.match(inspect(error), /^EtcdError: UNAVAILABLE/);
  assert.notEqual(failures[0], failures[1], 'each call has an error, with a stack, of its own');
}

async function oneRegistry(one: Copy, other: Copy): Promise<void> {
  const registry = new Registry();
  const clients = [one, other].map(({ core, metrics }) =>
    core.createClient({ endpoints, interceptors: [metrics.metrics({ registry })] }),
  );
  for (const client of clients) await client.kv.get('colour');
  assert.match(await registry.metrics(), /grpc_client_started_total\{[^}]*grpc_method="Range"[^}]*\} 2/);
  for (const client of clients) await client.close();
}

async function main(): Promise<void> {
  assert.equal(imported.core.createClient === required.core.createClient, process.argv[2] === 'one');
  for (const [one, other] of [
    [imported, required],
    [required, imported],
  ] as const) {
    await interceptors(one, other);
    await wrappers(one, other);
    await oneError(one, other);
    await oneRegistry(one, other);
  }
  console.log('done');
}

void main();
