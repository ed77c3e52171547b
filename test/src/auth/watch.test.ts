// limit: 240 s
import { createClient } from '@etcdts/core';
import type { Interceptor } from '@etcdts/core/plugin';
import { auth } from '@etcdts/auth';
import { assert, eventually, startProxy, suite } from '@etcdts/testing';
import { app, sleep, startAuthEtcd, TTL_MS, type TokenKind } from './auth-etcd.ts';

const test = suite('watches with expiring tokens', { timeoutMs: 110_000 });
const EXPIRIES = 10;

for (const kind of ['simple', 'jwt'] satisfies TokenKind[]) {
  test(`a watch over ten expiries of ${kind} tokens and over role changes loses nothing (H25)`, async () => {
    let authenticated = 0;
    const counting: Interceptor = {
      name: 'counting',
      unary: (next, { name }) => (name === 'Authenticate' ? (call) => (authenticated++, next(call)) : next),
    };
    await using one = await startAuthEtcd(kind);
    await using proxy = await startProxy(one.etcd.members[0]?.endpoint as string);
    await using writer = one.as();
    await using client = createClient({ endpoints: proxy.endpoint, interceptors: [auth(app), counting] });
    const watch = client.watch('app/watched/', { prefix: true });
    await watch.created;
    const seen: bigint[] = [];
    const reading = (async () => {
      for await (const { kv } of watch.events()) seen.push(kv.modRevision);
    })();
    // Each use of a simple token prolongs its life, so that with simple tokens the renewals of a lease would keep it alive forever.
    const lease = await client.lease.grant(kind === 'jwt' ? 5 : 600);
    await using keepAlive = client.lease.keepAlive(lease.id);

    const written: bigint[] = [];
    let done = false;
    const writing = (async () => {
      for (let i = 0; !done; i++) {
        written.push((await writer.kv.put(`app/watched/${i % 7}`, String(i))).header.revision);
        await sleep(5);
      }
    })();

    for (let expiry = 1; expiry <= EXPIRIES; expiry++) {
      // The reader has only streams, which do not use its token. etcd notices an expired simple token within a second.
      await sleep(TTL_MS + 1_200);
      if (expiry % 2 === 0) await one.admin.roleGrantPermission('app', { type: 'read', key: `role-${expiry}` });
      if (expiry % 3 === 0) await one.admin.userChangePassword('app', app.password);
      proxy.cut();
      // The stream after the cut begins with the expired token, and so does a watch that joins it.
      const joined = client.watch(`app/joined/${expiry}`);
      await joined.created;
      await joined.cancel();
    }
    done = true;
    await writing;
    await eventually(() => seen.length >= written.length, {
      timeoutMs: 10_000,
      describe: () => `${seen.length} of ${written.length}`,
    });
    await watch.cancel();
    await reading;
    assert.equal(seen, written, 'each once, in order');
    assert.not(keepAlive.signal.aborted, 'the lease is kept');
    // There is the first token, one for each expiry, and one more if an expiry and a change of the password coincide.
    assert.ok(authenticated > EXPIRIES && authenticated < 2 * EXPIRIES, `${authenticated} Authenticate requests`);
  });
}

test.run();
