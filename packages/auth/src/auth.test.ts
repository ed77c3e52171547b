import { createClient, remedyOf } from '@etcdts/core';
import {
  errorCodes,
  invoke,
  methods,
  type ClientStream,
  type Interceptor,
  type InterceptorSite,
  type StreamHandler,
} from '@etcdts/core/plugin';
import { assert, deferred, rejects, settle, suite } from '@etcdts/testing';
import { inspect } from 'node:util';
import { auth, type AuthOptions } from './auth.ts';
import { clientOf, FakeEtcd, user, verdict } from './fake-etcd.test.kit.ts';

const test = suite('auth');

/** Opens streams below every interceptor that a client has. */
function opener(): Interceptor & {
  open(name: 'snapshot' | 'watch' | 'leaseKeepAlive'): ClientStream<unknown, unknown>;
} {
  const handlers = new Map<string, StreamHandler>();
  return {
    name: 'opener',
    stream(next, method) {
      handlers.set(method.path, next);
      return next;
    },
    open(name) {
      const method = methods[name];
      const call = { method, request: undefined, metadata: {}, signal: undefined, deadline: Infinity, attempt: 1 };
      return (handlers.get(method.path) as StreamHandler)(call as never) as ClientStream<unknown, unknown>;
    },
  };
}

async function collect(stream: ClientStream<unknown, unknown>): Promise<unknown[]> {
  const messages: unknown[] = [];
  await stream.forEach((message) => messages.push(message));
  return messages;
}

async function iterate(stream: ClientStream<unknown, unknown>): Promise<unknown[]> {
  const messages: unknown[] = [];
  for await (const message of stream) messages.push(message);
  return messages;
}

test('CF-10 a hundred first calls wait for one Authenticate, which does not pass through auth', async () => {
  const etcd = new FakeEtcd();
  const { client } = clientOf(etcd);
  await Promise.all(Array.from({ length: 100 }, (_, i) => client.kv.put(`k${i}`, 'v')));
  assert.is(etcd.authenticated, 1);
  assert.is(etcd.calls.length, 100);
  assert.ok(etcd.calls.every(({ token, confidential }) => token === 'sentinel-token-1' && confidential));
});

test('a hundred calls in flight at expiry cause one Authenticate and are each repeated once, writes too (A-09, H32)', async () => {
  const etcd = new FakeEtcd();
  const { client, clock } = clientOf(etcd);
  await client.kv.get('k');
  clock.time += 1_000;
  etcd.expire();
  etcd.calls.length = 0;
  await Promise.all(Array.from({ length: 100 }, (_, i) => (i % 2 ? client.kv.put('k', 'v') : client.kv.get('k'))));
  assert.is(etcd.authenticated, 2);
  assert.is(etcd.calls.length, 200);
  assert.is(etcd.calls.filter(({ token, attempt }) => token === 'sentinel-token-2' && attempt === 2).length, 100);
});

test('a call whose token was replaced meanwhile is repeated with the new one, without another Authenticate', async () => {
  const etcd = new FakeEtcd();
  const { client, clock } = clientOf(etcd);
  await client.kv.get('k');
  clock.time += 1_000;
  const held = deferred();
  etcd.arriving = () => held.promise;
  const slow = client.kv.get('slow');
  etcd.arriving = settle;
  etcd.expire();
  await client.kv.get('k');
  held.resolve();
  await slow;
  assert.is(etcd.authenticated, 2);
  assert.equal(etcd.calls.at(-1), { name: 'Range', token: 'sentinel-token-2', attempt: 2, confidential: true });
});

test('R-05 each verdict on a token is met by another token; what goes on being refused surfaces', async () => {
  const cases = [
    ['INVALID_AUTH_TOKEN', 14, 2, 1_260],
    ['UNAUTHENTICATED', 2, 2, 0],
    ['USER_EMPTY', 2, 2, 0],
    ['AUTH_OLD_REVISION', 9, 9, 630],
    ['PERMISSION_DENIED', 1, 1, 0],
  ] as const;
  for (const [code, sent, authenticated, pauses] of cases) {
    const etcd = new FakeEtcd();
    const { client, clock } = clientOf(etcd);
    etcd.refuse = () => verdict(code);
    const begun = clock.time;
    await rejects(clock.until(client.kv.put('k', 'v')), { code, outcome: 'not-applied' });
    assert.is(clock.time - begun, pauses, `${code}: milliseconds of pauses`);
    assert.is(etcd.calls.length, sent, `${code}: sent`);
    assert.is(etcd.authenticated, authenticated, `${code}: authenticated`);
  }
});

test('R-05 a new token that a member does not know yet is sent again after pauses, by all calls, and is not replaced', async () => {
  const etcd = new FakeEtcd();
  const { client, clock } = clientOf(etcd);
  let lagging = true;
  etcd.refuse = () => (lagging ? verdict('INVALID_AUTH_TOKEN') : undefined);
  const puts = Promise.all([client.kv.put('a', 'v'), client.kv.put('b', 'v')]);
  await settle();
  for (let i = 0; i < 10; i++) await clock.advance(10);
  lagging = false;
  await clock.until(puts);
  assert.is(etcd.authenticated, 1);
  assert.equal(
    etcd.calls
      .map(({ token, attempt }) => `${String(token)} ${attempt}`)
      .sort()
      .slice(-2),
    ['sentinel-token-1 5', 'sentinel-token-1 5'],
  );
  assert.ok(clock.time < 1_500, 'as soon as it is known');
});

test('a refusal of any code that a new token may turn into an answer is met by one, and no other is', async () => {
  for (const code of errorCodes()) {
    const etcd = new FakeEtcd();
    const { client, clock } = clientOf(etcd);
    await client.kv.get('k');
    clock.time += 1_000;
    let refusals = 1;
    etcd.refuse = () => (refusals-- > 0 ? verdict(code) : undefined);
    await client.kv.put('k', 'v').catch(() => {});
    assert.is(etcd.authenticated, remedyOf(code) === 'token' ? 2 : 1, code);
    await client.close();
  }
});

test('only a verdict on name and password is kept: what a proxy says of an Authenticate is not (parity bug 10)', async () => {
  for (const code of errorCodes()) {
    // No verdict on a name: etcd needs no token.
    if (code === 'AUTH_NOT_ENABLED') continue;
    const etcd = new FakeEtcd();
    const { client } = clientOf(etcd);
    etcd.failure = verdict(code);
    await client.kv.put('k', 'v').catch(() => {});
    const before = etcd.authenticated;
    assert.is(before, ['again', 'elsewhere'].includes(remedyOf(code)) ? 3 : 1, `${code}: asked`);
    etcd.failure = undefined;
    await client.kv.put('k', 'v').catch(() => {});
    assert.is(etcd.authenticated, code === 'AUTH_FAILED' ? before : before + 1, `${code}: asked again`);
    await client.close();
  }
});

test('other errors pass as they are', async () => {
  const etcd = new FakeEtcd();
  const { client } = clientOf(etcd);
  const error = verdict('NO_SPACE');
  etcd.refuse = () => error;
  await rejects(client.kv.put('k', 'v'), (thrown) => thrown === error);
  assert.is(etcd.calls.length, 1);
});

test('without authentication calls go without a token, until etcd requests one (A-07, A-13)', async () => {
  const etcd = new FakeEtcd();
  etcd.enabled = false;
  const { client, clock } = clientOf(etcd);
  await Promise.all([client.kv.get('a'), client.kv.get('b')]);
  await client.kv.get('c');
  assert.is(etcd.authenticated, 1, 'remembered');
  assert.ok(etcd.calls.every(({ token }) => token === undefined));
  etcd.enabled = true;
  await Promise.all([client.kv.get('a'), client.kv.put('b', 'x')]);
  assert.is(etcd.authenticated, 2);
  assert.is(etcd.calls.at(-1)?.token, 'sentinel-token-2');
  etcd.enabled = false;
  await client.kv.get('c');
  etcd.enabled = true;
  clock.time += 1_000;
  etcd.valid = 'other';
  await client.kv.get('c');
  assert.is(etcd.authenticated, 3, 'on again');
});

test('a wrong password fails all who wait, then everybody at once until the backoff has passed (H33)', async () => {
  const etcd = new FakeEtcd();
  const { client, clock } = clientOf(etcd);
  etcd.failure = verdict('AUTH_FAILED');
  const expected = { code: 'AUTH_FAILED', outcome: 'not-applied' };
  await Promise.all([1, 2, 3].map(() => rejects(client.kv.put('k', 'v'), expected)));
  assert.is(etcd.authenticated, 1);
  for (const ms of [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]) {
    const before = etcd.authenticated;
    clock.time += ms - 1;
    await rejects(client.kv.put('k', 'v'), expected);
    assert.is(etcd.authenticated, before, `not before ${ms} ms`);
    clock.time += 1;
    await rejects(client.kv.put('k', 'v'), expected);
    assert.is(etcd.authenticated, before + 1, `after ${ms} ms`);
  }
  etcd.failure = undefined;
  clock.time += 30_000;
  await client.kv.put('k', 'v');
  clock.time += 1_000;
  etcd.failure = verdict('AUTH_FAILED');
  etcd.expire();
  const before = etcd.authenticated;
  await rejects(client.kv.put('k', 'v'), expected);
  clock.time += 1_000;
  await rejects(client.kv.put('k', 'v'), expected);
  assert.is(etcd.authenticated, before + 2, 'the backoff began anew');
});

test('Authenticate is tried again, three times in all, where no answer comes; that is shown, and not remembered', async () => {
  for (const failure of [verdict('UNAVAILABLE'), verdict('DEADLINE_EXCEEDED')]) {
    const etcd = new FakeEtcd();
    const { client } = clientOf(etcd);
    etcd.failure = failure;
    await rejects(client.kv.put('k', 'v'), (error) => error === failure);
    assert.is(etcd.authenticated, 3);
    etcd.failure = undefined;
    await client.kv.put('k', 'v');
    assert.is(etcd.authenticated, 4);
  }
});

test('a waiting call ends by its own deadline and signal, and the others get their token', async () => {
  const etcd = new FakeEtcd();
  const { client } = clientOf(etcd);
  const held = deferred();
  etcd.authenticating = held.promise;
  const leaving = new AbortController();
  const left = rejects(client.kv.get('k', { signal: leaving.signal }), (reason) => reason === 'gone');
  const late = rejects(client.kv.put('k', 'v', { timeoutMs: 20 }), {
    code: 'DEADLINE_EXCEEDED',
    outcome: 'not-applied',
  });
  const patient = client.kv.get('k');
  await settle();
  leaving.abort('gone');
  await Promise.all([left, late]);
  held.resolve();
  await patient;
  assert.is(etcd.authenticated, 1);
});

test('closing a client ends what waits; another one over the same connections has its own token', async () => {
  const etcd = new FakeEtcd();
  const { client } = clientOf(etcd);
  const derived = client.intercept();
  const held = deferred();
  etcd.authenticating = held.promise;
  const first = rejects(derived.kv.get('k'), { code: 'CLIENT_CLOSED' });
  const second = client.kv.get('k');
  await settle();
  await derived.close();
  await first;
  etcd.authenticating = Promise.resolve();
  held.reject(verdict('CLIENT_CLOSED'));
  await second;
  assert.is(etcd.authenticated, 2);
});

test('a client that was closed requests no more tokens', async () => {
  const etcd = new FakeEtcd();
  const { client } = clientOf(etcd);
  etcd.failure = verdict('CLIENT_CLOSED');
  await rejects(client.kv.get('k'), { code: 'CLIENT_CLOSED' });
  await settle();
  assert.is(etcd.authenticated, 1);
});

test('an Authenticate of the application passes without a token', async () => {
  const etcd = new FakeEtcd();
  const { client } = clientOf(etcd);
  await invoke(client, methods.authenticate, { name: 'other', password: 'sentinel-password' });
  assert.is(etcd.authenticated, 1);
});

test('clients over the same connections share the token; those of other clusters do not', async () => {
  const one = new FakeEtcd();
  const other = new FakeEtcd();
  const shared = auth(user);
  const a = createClient({ endpoints: '127.0.0.1:1', interceptors: [shared, one.interceptor] });
  const b = createClient({ endpoints: '127.0.0.1:2', interceptors: [shared, other.interceptor] });
  await a.kv.get('k');
  await a.intercept().kv.get('k');
  await b.kv.get('k');
  assert.equal([one.authenticated, other.authenticated], [1, 1]);
});

test('CF-11 a given token is sent and never renewed (A-06)', async () => {
  const etcd = new FakeEtcd();
  etcd.valid = 'sentinel-token-given';
  const { client } = clientOf(etcd, { token: 'sentinel-token-given' });
  await client.kv.get('k');
  etcd.expire();
  await rejects(client.kv.get('k'), { code: 'INVALID_AUTH_TOKEN' });
  assert.is(etcd.authenticated, 0);
  assert.is(etcd.calls.length, 2);
});

test('a token function is asked once for many calls, and again when etcd refuses what it gave', async () => {
  const etcd = new FakeEtcd();
  let asked = 0;
  const { client } = clientOf(etcd, {
    token: async () => {
      await settle();
      return (etcd.valid = `sentinel-token-own-${++asked}`);
    },
  });
  await Promise.all([client.kv.get('a'), client.kv.get('b'), client.kv.get('c')]);
  assert.is(asked, 1);
  etcd.expire();
  await Promise.all([client.kv.get('a'), client.kv.get('b')]);
  assert.is(asked, 2);
  assert.is(etcd.authenticated, 0);
});

test('a token function that fails or gives nothing fails the calls as UNAUTHENTICATED, and is tried again', async () => {
  const etcd = new FakeEtcd();
  const cause = new Error('vault is sealed');
  const gives: (() => Promise<string>)[] = [
    () => Promise.reject(cause),
    () => {
      throw cause;
    },
    async () => '',
    async () => (etcd.valid = 'sentinel-token-own'),
  ];
  const { client } = clientOf(etcd, { token: () => (gives.shift() as () => Promise<string>)() });
  const error = await rejects(client.kv.put('k', 'v'), { code: 'UNAUTHENTICATED', outcome: 'not-applied' });
  assert.is(error.cause, cause);
  await rejects(client.kv.put('k', 'v'), { code: 'UNAUTHENTICATED', message: /function failed/ });
  await rejects(client.kv.put('k', 'v'), { code: 'UNAUTHENTICATED', message: /gave no token/ });
  await client.kv.put('k', 'v');
});

test('a call with a token of its own passes as it is', async () => {
  const etcd = new FakeEtcd();
  etcd.valid = 'sentinel-token-own';
  const { client } = clientOf(etcd);
  await client.kv.get('k', { metadata: { token: 'sentinel-token-own' } });
  await rejects(client.kv.get('k', { metadata: { token: 'sentinel-token-old' } }), { code: 'INVALID_AUTH_TOKEN' });
  assert.is(etcd.authenticated, 0);
});

test('streams are opened at once where there is a token, which serves them all (A-08)', async () => {
  const etcd = new FakeEtcd();
  const { client } = clientOf(etcd);
  const outer = opener();
  const above = createClient({ endpoints: '127.0.0.1:1', interceptors: [outer, auth(user), etcd.interceptor] });
  await above.kv.get('k');
  for (let i = 0; i < 10; i++) {
    outer.open('watch');
    assert.is(etcd.calls.length, i + 2, 'in the same turn');
  }
  assert.is(etcd.authenticated, 1);
  await client.close();
});

test('a stream that needs a token first waits for it, and a failure to get it ends the stream', async () => {
  const etcd = new FakeEtcd();
  const outer = opener();
  createClient({ endpoints: '127.0.0.1:1', interceptors: [outer, auth(user), etcd.interceptor] });
  etcd.failure = verdict('UNAVAILABLE');
  await rejects(collect(outer.open('watch')), { code: 'UNAVAILABLE' });
  etcd.failure = undefined;
  assert.equal(await collect(outer.open('watch')), [{}]);
  assert.equal(
    etcd.calls.map(({ token }) => token),
    ['sentinel-token-4'],
  );
});

test('a watch stream refused for its token makes the next one fetch another', async () => {
  const etcd = new FakeEtcd();
  const outer = opener();
  createClient({ endpoints: '127.0.0.1:1', interceptors: [outer, auth(user), etcd.interceptor] });
  await collect(outer.open('watch'));
  etcd.expire();
  await rejects(collect(outer.open('watch')), { code: 'INVALID_AUTH_TOKEN' });
  await collect(outer.open('watch'));
  assert.is(etcd.authenticated, 2);
});

test('a keepalive stream refused for its token is opened again, and gets what was sent', async () => {
  const etcd = new FakeEtcd();
  const outer = opener();
  createClient({ endpoints: '127.0.0.1:1', interceptors: [outer, auth(user), etcd.interceptor] });
  await collect(outer.open('leaseKeepAlive'));
  etcd.expire();
  etcd.sent.length = 0;
  const stream = outer.open('leaseKeepAlive');
  stream.send({ id: 1n });
  stream.end();
  assert.equal(await collect(stream), [{}]);
  assert.equal(etcd.sent, [{ id: 1n }, 'end']);
  assert.is(etcd.authenticated, 2);
});

test('so does a watch that etcd cancels for its token, and no other', async () => {
  const refused = [
    'etcdserver: invalid auth token',
    'rpc error: code = InvalidArgument desc = etcdserver: revision of auth store is old',
    'etcdserver: user name is empty',
  ];
  for (const cancelReason of [
    ...refused,
    'rpc error: code = PermissionDenied desc = etcdserver: permission denied',
    '',
  ]) {
    const etcd = new FakeEtcd();
    const outer = opener();
    createClient({ endpoints: '127.0.0.1:1', interceptors: [outer, auth(user), etcd.interceptor] });
    etcd.messages = [{ canceled: true, cancelReason }];
    await collect(outer.open('watch'));
    await collect(outer.open('watch'));
    assert.is(etcd.authenticated, refused.includes(cancelReason) ? 2 : 1, cancelReason);
  }
});

test('a server stream refused for its token is opened again once, before its first message (A-10)', async () => {
  for (const read of [collect, iterate]) {
    const etcd = new FakeEtcd();
    const outer = opener();
    createClient({ endpoints: '127.0.0.1:1', interceptors: [outer, auth(user), etcd.interceptor] });
    etcd.messages = ['a', 'b'];
    assert.equal(await read(outer.open('snapshot')), ['a', 'b']);
    etcd.expire();
    assert.equal(await read(outer.open('snapshot')), ['a', 'b']);
    assert.equal(
      etcd.calls.map(({ attempt }) => attempt),
      [1, 1, 2],
    );
    etcd.refuse = () => verdict('INVALID_AUTH_TOKEN');
    await rejects(read(outer.open('snapshot')), { code: 'INVALID_AUTH_TOKEN' });
    assert.is(etcd.calls.length, 5);
    assert.is(etcd.authenticated, 3);
  }
});

test('a server stream refused after its first message is not opened again', async () => {
  let opened = 0;
  const broken: Interceptor = {
    name: 'broken',
    stream: () => () => {
      opened++;
      return {
        send() {},
        end() {},
        cancel() {},
        forEach: async (onMessage: (message: unknown) => void) => {
          onMessage('a');
          throw verdict('INVALID_AUTH_TOKEN');
        },
        async *[Symbol.asyncIterator]() {
          yield 'a';
          throw verdict('INVALID_AUTH_TOKEN');
        },
      } as never;
    },
  };
  const etcd = new FakeEtcd();
  const outer = opener();
  createClient({ endpoints: '127.0.0.1:1', interceptors: [outer, auth(user), broken, etcd.interceptor] });
  await rejects(collect(outer.open('snapshot')), { code: 'INVALID_AUTH_TOKEN' });
  await rejects(iterate(outer.open('snapshot')), { code: 'INVALID_AUTH_TOKEN' });
  assert.is(opened, 2);
});

test('one metadata object serves all calls of a token, as a transport keeps its form of each', async () => {
  const etcd = new FakeEtcd();
  const seen = new Set<object>();
  const looking: Interceptor = { name: 'looking', unary: (next) => (call) => (seen.add(call.metadata), next(call)) };
  const client = createClient({ endpoints: '127.0.0.1:1', interceptors: [auth(user), looking, etcd.interceptor] });
  for (let i = 0; i < 5; i++) await client.kv.get('k');
  // The one of Authenticate, and the one with the token.
  assert.is(seen.size, 2);
});

test('A-12 secrets go over plain HTTP to other machines only where that is allowed', async () => {
  const client = (allowInsecure: boolean, etcd: FakeEtcd) =>
    createClient({ endpoints: '127.0.0.1:1', interceptors: [auth({ ...user, allowInsecure }), etcd.interceptor] });
  const strict = new FakeEtcd();
  await client(false, strict).kv.get('k');
  const lax = new FakeEtcd();
  await client(true, lax).kv.get('k');
  await client(true, lax).kv.get('k', { confidential: true });
  assert.equal(
    [...strict.calls, ...lax.calls].map(({ confidential }) => confidential),
    [true, false, true],
  );
});

test('Authenticate itself is refused towards another machine without TLS', async () => {
  const sites: InterceptorSite[] = [];
  let confidential: boolean | undefined;
  const looking: Interceptor = {
    name: 'looking',
    unary: (next, method, site) => (sites.push(site), (call) => ((confidential ??= call.confidential), next(call))),
  };
  const etcd = new FakeEtcd();
  await createClient({ endpoints: '127.0.0.1:1', interceptors: [auth(user), looking, etcd.interceptor] }).kv.get('k');
  assert.is(confidential, true);
});

test('A-05 credentials that cannot be right are refused by name, and not quoted', () => {
  const wrong: [options: unknown, argument: string][] = [
    [{}, 'username'],
    [{ username: 'app' }, 'password'],
    [{ username: '', password: 'sentinel-password' }, 'username'],
    [{ username: 'app', password: '' }, 'password'],
    [{ username: 'app', password: 'sentinel-password', token: 'sentinel-token' }, 'token'],
    [{ token: '' }, 'token'],
    [{ token: 7 }, 'token'],
    [undefined, 'options'],
    [null, 'options'],
    ['sentinel-password', 'options'],
    [{ user: 'app', password: 'sentinel-password' }, 'user'],
    [{ username: 'app', password: 'sentinel-password', allowInsecure: 'no' }, 'allowInsecure'],
    [{ username: 'app', password: 'sentinel-password\ud800' }, 'password'],
  ];
  for (const [options, argument] of wrong) {
    let thrown: unknown;
    try {
      auth(options as AuthOptions);
    } catch (error) {
      thrown = error;
    }
    const { code, argument: named } = thrown as { code?: string; argument?: string };
    assert.equal([code, named], ['INVALID_ARGUMENT', argument]);
    assert.not.match(inspect(thrown), 'sentinel-');
  }
});

test('an interceptor and its client show no secret', async () => {
  const etcd = new FakeEtcd();
  const interceptor = auth(user);
  const client = createClient({ endpoints: '127.0.0.1:1', interceptors: [interceptor, etcd.interceptor] });
  await client.kv.get('k');
  const shown = [interceptor, client.describe(), client].map((one) => inspect(one, { depth: 20, showHidden: true }));
  const said = [...shown, JSON.stringify(interceptor), JSON.stringify(client.describe())].join('\n');
  assert.not.match(said, /sentinel-/);
});

test.run();
