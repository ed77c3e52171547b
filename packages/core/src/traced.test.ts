import { assert, rejects, suite } from '@etcdts/testing';
import { createClient } from './client.ts';
import { invoke } from './invoke.ts';
import { clientClosed, type EtcdError } from './errors.ts';
import { methods } from './methods.ts';
import { traced } from './traced.ts';

const test = suite('traced');

test('the error of every kind of call has the place where the application made it', async () => {
  await using client = createClient({ endpoints: '127.0.0.1:1' });
  const { kv, lease, cluster, maintenance } = client;
  const calls: Record<string, () => Promise<unknown>> = {
    get: () => kv.get('k'),
    put: () => kv.put('k', 'v'),
    txn: () => kv.txn({}),
    grant: () => lease.grant(5),
    memberList: () => cluster.memberList(),
    status: () => maintenance.status('127.0.0.1:1'),
    invoke: () => invoke(client, methods.range, { key: Buffer.from('k') }),
  };
  for (const [name, call] of Object.entries(calls)) {
    const whereTheApplicationCalls = async (): Promise<unknown> => await call();
    const { stack, message } = await rejects<EtcdError>(whereTheApplicationCalls(), { code: 'UNAVAILABLE' });
    assert.ok(stack?.startsWith(`EtcdError: ${message}\n`), name);
    assert.match(stack as string, /at async whereTheApplicationCalls .*traced\.test/, name);
  }
});

test('one error that fails two calls gives each of them its own place', async () => {
  const shared = clientClosed('KV.Put');
  const here = async (): Promise<unknown> => await traced(Promise.reject(shared));
  const there = async (): Promise<unknown> => await traced(Promise.reject(shared));
  const [one, other] = await Promise.all([rejects<EtcdError>(here()), rejects<EtcdError>(there())]);
  assert.match(one.stack as string, /async here/);
  assert.match(other.stack as string, /async there/);
  assert.equal(JSON.stringify(one), JSON.stringify(other));
});

test('what is no EtcdError is passed on as it is', async () => {
  const reason = new Error('aborted by the application');
  const { stack } = reason;
  assert.is(await rejects(traced(Promise.reject(reason))), reason);
  assert.is(reason.stack, stack);
  assert.is(await traced(Promise.resolve(5)), 5);
});

test.run();
