// limit: 120 s
import { createClient, type EtcdClient, isEtcdError } from '@etcdts/core';
import { type Interceptor, type Method, methods, type RequestOf, type UnaryHandler } from '@etcdts/core/plugin';
import { assert, eventually, startEtcd, startProxy, suite } from '@etcdts/testing';
import { Recording } from './watch-history.ts';

const test = suite('watch with tokens that expire', { timeoutMs: 60_000 });

const PASSWORD = 'sentinel-password of root';

/** The smallest auth interceptor: a token, fetched when etcd refuses the previous one. */
function tokens(name: string, password: string): { interceptor: Interceptor; fetched(): number } {
  let token: string | undefined;
  let fetched = 0;
  const interceptor: Interceptor = {
    name: 'tokens',
    unary: (next) => async (call) => {
      const fetch = async (): Promise<void> => {
        fetched += 1;
        ({ token } = await next({ ...call, method: methods.authenticate, request: { name, password } }));
      };
      if (token === undefined) await fetch();
      try {
        return await next({ ...call, metadata: { ...call.metadata, authorization: token as string } });
      } catch (error) {
        if (!isEtcdError(error, 'INVALID_AUTH_TOKEN')) throw error;
        await fetch();
        return next({ ...call, metadata: { ...call.metadata, authorization: token as string } });
      }
    },
    stream: (next) => (call) =>
      next(token === undefined ? call : { ...call, metadata: { ...call.metadata, authorization: token } }),
  };
  return { interceptor, fetched: () => fetched };
}

/** Turns authentication on, with a root user. */
async function enableAuth(client: EtcdClient): Promise<void> {
  let send: (<M extends Method>(method: M, request: RequestOf<M>) => Promise<unknown>) | undefined;
  const raw: Interceptor = {
    name: 'raw',
    unary: (next: UnaryHandler) => (call) => {
      send = (method, request) => next({ ...call, method, request });
      return next(call);
    },
  };
  await client.intercept(raw).kv.get('any');
  await send?.(methods.userAdd, { name: 'root', password: PASSWORD });
  await send?.(methods.roleAdd, { name: 'root' });
  await send?.(methods.userGrantRole, { user: 'root', role: 'root' });
  await send?.(methods.authEnable, {});
}

test('H25 A-08: a watch added after the token has expired works, and the one before goes on', async () => {
  await using etcd = await startEtcd({ authTokenTtl: 1 });
  await using proxy = await startProxy(etcd.endpoint);
  await using plain = createClient({ endpoints: etcd.endpoints });
  await enableAuth(plain);
  const { interceptor, fetched } = tokens('root', PASSWORD);
  await using client = createClient({ endpoints: [proxy.endpoint], interceptors: [interceptor] });
  await using writer = createClient({
    endpoints: etcd.endpoints,
    interceptors: [tokens('root', PASSWORD).interceptor],
  });
  const { header } = await client.kv.put('token/a', '0');

  const old = client.watch('token/a', { startRevision: header.revision });
  const recording = new Recording(old);
  await old.created;
  await new Promise((resolve) => setTimeout(resolve, 3_000));
  const added = client.watch('token/b');
  const other = new Recording(added);
  await added.created;
  assert.is(fetched(), 2);
  await writer.kv.put('token/a', '1');
  await writer.kv.put('token/b', '1');
  await eventually(() => recording.events === 2 && other.events === 1);
  assert.is(await etcd.member.metric('etcd_debugging_mvcc_watch_stream_total'), 1, 'the old stream is left');

  await new Promise((resolve) => setTimeout(resolve, 3_000));
  proxy.cut();
  await writer.kv.put('token/a', '2');
  await writer.kv.put('token/b', '2');
  await eventually(() => recording.events === 3 && other.events === 2);
  assert.is(fetched(), 3);
});

test('W-36: without a token, a watch fails with the reason of etcd', async () => {
  await using etcd = await startEtcd();
  await using client = createClient({ endpoints: etcd.endpoints });
  const before = new Recording(client.watch('token/k'));
  await client.watch('token/k').created;
  await enableAuth(client);
  const after = new Recording(client.watch('token/k'));
  await eventually(() => after.ended);
  assert.is((after.error as { code: string }).code, 'USER_EMPTY');
  assert.is(before.ended, false, 'what was permitted when it began goes on');
});

test.run();
