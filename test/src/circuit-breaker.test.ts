// The plugin of docs/interceptors.md.
import { readFile } from 'node:fs/promises';
import { createClient, EtcdError, type EtcdClient, type EtcdErrorCode } from '@etcdts/core';
import type { Interceptor } from '@etcdts/core/plugin';
import { retry } from '@etcdts/retry';
import { assert, deferred, eventually, kvContract, leaseContract, startEtcd, startProxy } from '@etcdts/testing';
import { rejects, suite, txnContract, watchContract, type EtcdServer } from '@etcdts/testing';
import { breaker } from 'etcdts-circuit-breaker';

const down: EtcdErrorCode = 'UNAVAILABLE';
const open = { code: 'UNAVAILABLE', message: 'UNAVAILABLE: the circuit is open', outcome: 'not-applied', attempts: 0 };

/** An etcd with scripted answers. It counts requests. */
class Script implements Interceptor {
  readonly name = 'script';
  calls = 0;
  answer: () => Promise<unknown> = async () => ({ header: {}, kvs: [], count: 0, more: false });

  fail(code: EtcdErrorCode): void {
    this.answer = () =>
      Promise.reject(new EtcdError({ code, message: 'as told', outcome: 'not-applied', attempts: 1 }));
  }

  unary(): () => Promise<never> {
    return () => (this.calls++, this.answer() as Promise<never>);
  }
}

const test = suite('circuit breaker');

function scripted(...outer: Interceptor[]): { client: EtcdClient; script: Script } {
  const script = new Script();
  return { client: createClient({ endpoints: '127.0.0.1:1', interceptors: [...outer, script] }), script };
}

test('so many failures in a row open it, whatever succeeds between them keeps it closed', async () => {
  const { client, script } = scripted(breaker({ failures: 3 }));
  await using _ = client;
  const works = script.answer;
  for (const failing of [true, true, false, true, true]) {
    if (failing) script.fail(down);
    else script.answer = works;
    await client.kv.get('x').catch(() => {});
  }
  script.fail('DEADLINE_EXCEEDED');
  await rejects(client.kv.get('x'), { code: 'DEADLINE_EXCEEDED', attempts: 1 });
  assert.is(script.calls, 6);
  await rejects(client.kv.put('x', 'y'), open);
  assert.is(script.calls, 6, 'nothing is sent');
  await rejects(client.kv.get('x', { breaker: false }), { code: 'DEADLINE_EXCEEDED' });
  assert.is(script.calls, 7, 'a call may insist');
});

test('what etcd answers does not open it, and neither do aborts', async () => {
  const { client, script } = scripted(breaker({ failures: 1 }));
  await using _ = client;
  script.fail('COMPACTED');
  for (let i = 0; i < 3; i++) await rejects(client.kv.get('x'), { code: 'COMPACTED' });
  script.answer = () => Promise.reject(new DOMException('This operation was aborted', 'AbortError'));
  for (let i = 0; i < 3; i++) await client.kv.get('x').catch(() => {});
  assert.is(script.calls, 6);
});

test('after the pause one call tries, the others are refused at once, and its ending decides', async () => {
  const { client, script } = scripted(breaker({ failures: 1, pauseMs: 50 }));
  await using _ = client;
  const works = script.answer;
  script.fail(down);
  await rejects(client.kv.get('x'), { attempts: 1 });
  const answer = deferred<unknown>();
  script.answer = () => answer.promise;
  let trying: Promise<unknown> = Promise.resolve();
  await eventually(() => {
    trying = client.kv.get('x');
    trying.catch(() => {});
    return script.calls === 2;
  });
  await rejects(client.kv.get('x'), open);
  answer.resolve(await works());
  await trying;
  script.answer = works;
  await client.kv.get('x');
  assert.is(script.calls, 3);
});

test('retry() outside of it repeats what failed, and not what is refused', async () => {
  const { client, script } = scripted(retry({ initialBackoffMs: 1 }), breaker({ failures: 4 }));
  await using _ = client;
  script.fail(down);
  await rejects(client.kv.get('x'), { code: 'UNAVAILABLE' });
  assert.is(script.calls, 4);
  await rejects(client.kv.get('x'), open);
});

test('a watch goes on while it is open, and it closes when etcd is back', async () => {
  await using etcd = await startEtcd();
  await using proxy = await startProxy(etcd.endpoint);
  await using direct = createClient({ endpoints: etcd.endpoint });
  const interceptors = [breaker({ failures: 2, pauseMs: 50 })];
  await using client = createClient({ endpoints: proxy.endpoint, interceptors, requestTimeoutMs: 1_000 });
  const watch = client.watch('breaker');
  await watch.created;
  proxy.refuse();
  proxy.cut();
  await eventually(() =>
    client.kv.get('x').then(
      () => false,
      ({ message }: Error) => message === open.message,
    ),
  );
  await direct.kv.put('breaker', 'meanwhile');
  await proxy.heal();
  for await (const { kv } of watch.events()) {
    assert.is(kv.text(), 'meanwhile');
    break;
  }
  await eventually(() =>
    client.kv.get('x').then(
      () => true,
      () => false,
    ),
  );
});

test('the document has its code as it is', async () => {
  const read = (path: string): Promise<string> => readFile(new URL(`../../${path}`, import.meta.url), 'utf8');
  const code = await read('examples/circuit-breaker/src/index.ts');
  assert.ok((await read('docs/interceptors.md')).includes(code));
});

test.run();

// The breaker must pass these unchanged.
const transparent = suite('contracts through a circuit breaker');
let etcd: EtcdServer;
let client: EtcdClient;
transparent.before(async () => {
  etcd = await startEtcd();
  client = createClient({ endpoints: etcd.endpoint, interceptors: [breaker()] });
});
transparent.after(async () => {
  await client?.close();
  await etcd?.close();
});
for (const contract of [kvContract, txnContract, watchContract, leaseContract])
  contract(transparent, () => ({ client }));
transparent.run();
