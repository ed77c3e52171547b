import { inspect } from 'node:util';
import { auth, authAdmin } from '@etcdts/auth';
import { createClient, type Logger } from '@etcdts/core';
import { invoke, methods } from '@etcdts/core/plugin';
import { assert, startProxy, suite } from '@etcdts/testing';
import { sleep, startAuthEtcd, TTL_MS } from './auth-etcd.ts';

const test = suite('secrets of authentication', { timeoutMs: 30_000 });

test('no password and no token reaches an error, a log line, a description or a printed client', async () => {
  await using one = await startAuthEtcd('jwt');
  const secrets = ['sentinel-password', 'sentinel-changed', 'sentinel-wrong', 'sentinel-token', 'sentinel-function'];
  const [password, changed, wrong, token, given] = secrets as [string, string, string, string, string];
  await one.admin.userAdd('sentinel', password);
  await one.admin.userGrantRole('sentinel', 'app');
  const shown: string[] = [];
  const show = (one: unknown): void => {
    shown.push(inspect(one, { depth: 20, showHidden: true, getters: true }), JSON.stringify(one) ?? '', String(one));
    if (one instanceof Error) {
      shown.push(one.stack ?? '');
      if (one.cause !== undefined) show(one.cause);
    }
  };
  const say = (message: string): void => void shown.push(message);
  const logger: Logger = { debug: say, info: say, warn: say, error: say };
  let failures = 0;
  const fails = async (call: Promise<unknown>): Promise<void> => {
    await call.then(
      () => assert.unreachable('the call does not fail'),
      (error: unknown) => (failures++, show(error)),
    );
  };

  const real = (await invoke(one.client, methods.authenticate, { name: 'sentinel', password })).token;
  secrets.push(real, ...real.split('.').slice(1));
  const interceptors = {
    right: auth({ username: 'sentinel', password }),
    wrong: auth({ username: 'sentinel', password: wrong }),
    token: auth({ token }),
    unprintable: auth({ token: `${token}\n` }),
    given: auth({ token: async () => given }),
    real: auth({ token: real }),
  };
  const remote = createClient({ endpoints: 'http://127.0.0.1:1', interceptors: [interceptors.right], logger });
  await fails(remote.kv.get('app/x'));
  show(remote);
  await remote.close();
  await using proxy = await startProxy(one.etcd.members[0]?.endpoint as string);
  for (const interceptor of Object.values(interceptors)) {
    await using client = createClient({ endpoints: proxy.endpoint, interceptors: [interceptor], logger });
    const admin = authAdmin(client);
    await fails(client.kv.put('other', 'x'));
    await fails(client.watch('other').created);
    await fails(client.kv.get('other', { timeoutMs: 1 }));
    await fails(admin.userAdd('other', password));
    await fails(admin.userChangePassword('root', changed));
    await fails(admin.userAdd('', password));
    await fails(admin.userAdd('other', `${password}\ud800`));
    await fails(
      (async () => {
        for await (const _ of client.maintenance.snapshot());
      })(),
    );
    show(interceptor);
    show(client);
    show(client.describe());
    show(admin);
    if (interceptor === interceptors.right) {
      await client.kv.put('app/x', 'x');
      proxy.cut();
      await client.kv.get('app/x').catch(show);
      await sleep(TTL_MS + 500);
      await one.admin.userChangePassword('sentinel', changed);
      await fails(client.kv.get('app/x'));
      await one.admin.userChangePassword('sentinel', password);
    }
    await client.close();
    await fails(client.kv.get('app/x'));
  }
  assert.ok(failures > 50, `${failures} failures`);
  const hits = secrets.filter((secret) => shown.some((text) => text.includes(secret)));
  assert.equal(hits, []);
});

test.run();
