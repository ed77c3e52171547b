import { assert, rejects, suite } from '@etcdts/testing';
import { app, startAuthEmbedded } from '../auth/auth-etcd.ts';
import { signIn, withToken } from '../auth/limited.ts';

const test = suite('embedded: auth');

test('a call that is told of an old revision is made again with another token, and applied once', async () => {
  await using one = await startAuthEmbedded();
  await using client = one.as();
  await client.kv.put('app/other', '');
  const before = await one.authenticates();
  const old = one.etcd.fail({ method: 'KV.Put', code: 'AUTH_OLD_REVISION' });
  await client.kv.put('app/k', 'v');
  assert.is(old.failed, 1);
  assert.is((await one.authenticates()) - before, 1);
  assert.is((await client.kv.get('app/k')).kvs[0]?.version, 1);
});

test('a token that is not renewed is told of an old revision', async () => {
  await using one = await startAuthEmbedded();
  await using client = withToken(one, await signIn(one, app.username, app.password));
  one.etcd.fail({ method: 'KV.Put', code: 'AUTH_OLD_REVISION' });
  await rejects(client.kv.put('app/k', 'v'), { code: 'AUTH_OLD_REVISION', outcome: 'not-applied' });
  await client.kv.put('app/k', 'v');
});

test.run();
