import { assert, deferred, rejects, suite } from '@etcdts/testing';
import { isCall, type Call, type Interceptor, type InterceptorSite } from '../call.ts';
import { createClient } from '../client.ts';
import { invoke } from '../invoke.ts';
import type { Logger } from '../logger.ts';
import { methods } from '../methods.ts';
import { wrapClient } from '../wrap.ts';
import { fakeTransport, notCapable } from './fake-transport.test.kit.ts';

const test = suite('interceptor sites');

/** An interceptor that keeps its sites, one for each client, and notes what passes it. */
function curious(name: string, seen: string[] = []): Interceptor & { readonly sites: InterceptorSite[] } {
  const sites: InterceptorSite[] = [];
  return {
    name,
    sites,
    unary(next, method, site) {
      if (!sites.includes(site)) sites.push(site);
      return (call) => (seen.push(`${name} ${method.name}`), next(call));
    },
  };
}

test('what an interceptor sends of its own passes those below it, and neither itself nor those above', async () => {
  const seen: string[] = [];
  const [above, itself, below] = ['above', 'itself', 'below'].map((name) => curious(name, seen)) as [
    Interceptor,
    ReturnType<typeof curious>,
    Interceptor,
  ];
  const transport = fakeTransport(() => notCapable);
  await using _ = createClient({ endpoints: '127.0.0.1:1', transport, interceptors: [above, itself, below] });
  const [site] = itself.sites as [InterceptorSite];
  await rejects(site.unary(methods.authenticate, { name: 'a', password: 'sentinel-password' }), {
    code: 'NOT_CAPABLE',
  });
  assert.equal(seen, ['below Authenticate']);
  assert.equal(
    transport.reached.map(({ path }) => path),
    ['/etcdserverpb.Auth/Authenticate'],
  );
});

test('a site has the number of endpoints that its client knows now', async () => {
  const { sites, ...interceptor } = curious('curious');
  await using client = createClient({ endpoints: ['127.0.0.1:1', '127.0.0.1:2'], interceptors: [interceptor] });
  const [site] = sites as [InterceptorSite];
  assert.is(site.endpointCount(), 2);
  client.setEndpoints(['127.0.0.1:3']);
  assert.is(site.endpointCount(), 1);
});

test("a site has the clock of the call's deadline, chance, and the logger of the client", async () => {
  const { sites, ...interceptor } = curious('curious');
  const lines: string[] = [];
  const line = (text: string): void => void lines.push(text);
  const logger: Logger = { debug: line, info: line, warn: line, error: line };
  await using _ = createClient({ endpoints: '127.0.0.1:1', logger, interceptors: [interceptor] });
  const [site] = sites as [InterceptorSite];
  site.logger.warn('said by the interceptor');
  assert.equal(lines, ['etcdts: said by the interceptor']);
  assert.ok(Math.abs(site.clock.now() - performance.now()) < 1_000);
  const drawn = site.random();
  assert.ok(drawn >= 0 && drawn < 1);
  const order: string[] = [];
  site.clock.after(1, () => order.push('cancelled')).cancel();
  await new Promise<void>((resolve) => site.clock.after(2, resolve, true));
  assert.equal(order, []);
});

test('an RPC is known by its path: another copy of the method table names the same', () => {
  const copy = { ...methods.put };
  const call = { method: copy } as unknown as Call;
  assert.is(isCall(call, methods.put), true);
  assert.is(isCall(call, methods.range), false);
});

test('clients over the same connections are known by one object, others by another', async () => {
  const shared = curious('shared');
  const transport = fakeTransport(() => notCapable);
  await using client = createClient({ endpoints: '127.0.0.1:1', transport, interceptors: [shared] });
  await using _derived = client.intercept();
  await using _other = createClient({ endpoints: '127.0.0.1:1', transport, interceptors: [shared] });
  const [first, second, third] = shared.sites.map((site) => site.connections);
  assert.is(shared.sites.length, 3);
  assert.is(first, second);
  assert.is.not(first, third);
  assert.equal(Object.keys(first as object), []);
});

test('a wait ends with the work, or with its call: deadline, abort, close', async () => {
  const one = curious('one');
  const client = createClient({
    endpoints: '127.0.0.1:1',
    transport: fakeTransport(() => undefined),
    interceptors: [one],
  });
  const [{ wait }] = one.sites as [InterceptorSite];
  const call = { method: methods.put, deadline: Infinity, signal: undefined };
  assert.is(await wait(call, Promise.resolve(7)), 7);
  await rejects(wait(call, Promise.reject(new Error('no'))), /no/);
  const never = deferred<number>().promise;
  const late = { code: 'DEADLINE_EXCEEDED', outcome: 'not-applied', method: 'KV.Put' };
  await rejects(wait({ ...call, deadline: performance.now() + 20 }, never), late);
  const leaving = new AbortController();
  const left = rejects(wait({ ...call, signal: leaving.signal }, never), (reason) => reason === 'gone');
  leaving.abort('gone');
  await left;
  await rejects(wait({ ...call, signal: leaving.signal }, never), (reason) => reason === 'gone');
  const closed = rejects(wait(call, never), { code: 'CLIENT_CLOSED' });
  await client.close();
  await closed;
  await rejects(wait(call, never), { code: 'CLIENT_CLOSED' });
});

test('a site has the numbers of its own client', async () => {
  const one = curious('one');
  const transport = fakeTransport(({ path }) => (path.endsWith('/Put') ? notCapable : undefined));
  const client = createClient({ endpoints: ['127.0.0.1:1', '127.0.0.1:2'], transport, interceptors: [one] });
  client.watch('a');
  client.watch('b');
  client.lease.keepAlive(7n);
  const derived = client.intercept();
  await rejects(client.kv.put('a', 'b'), { code: 'NOT_CAPABLE' });
  const [site, other] = one.sites as [InterceptorSite, InterceptorSite];
  const { closed, watches, leases, endpoints } = site.stats();
  assert.equal([closed, watches.open, leases.kept], [false, 2, 1]);
  const ready = { address: '127.0.0.1:1', state: 'ready' };
  assert.equal(endpoints, [ready, { ...ready, address: '127.0.0.1:2' }]);
  assert.is(other.connections, site.connections);
  assert.equal([other.stats().watches.open, other.stats().leases.kept], [0, 0]);
  await derived.close();
  assert.equal([other.stats().closed, site.stats().closed], [true, false]);
  await client.close();
  assert.equal([site.stats().closed, site.stats().watches.open, site.stats().leases.kept], [true, 0, 0]);
});

test('a wait that is over before it begins leaves nothing to its work, well or badly ended later', async () => {
  const one = curious('one');
  const client = createClient({
    endpoints: '127.0.0.1:1',
    transport: fakeTransport(() => undefined),
    interceptors: [one],
  });
  const [{ wait }] = one.sites as [InterceptorSite];
  const call = { method: methods.put, deadline: performance.now() + 60_000, signal: undefined };
  const timers = process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
  const work = deferred<number>();
  await rejects(wait({ ...call, signal: AbortSignal.abort('gone') }, work.promise), (reason) => reason === 'gone');
  await client.close();
  await rejects(wait(call, work.promise), { code: 'CLIENT_CLOSED' });
  assert.is(process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length, timers);
  work.reject(new Error('late'));
  await new Promise((resolve) => setImmediate(resolve));
});

test('invoke sends through every interceptor of a client, and has nothing to do with a wrapped one', async () => {
  const seen: string[] = [];
  const transport = fakeTransport(() => notCapable);
  await using client = createClient({ endpoints: '127.0.0.1:1', transport, interceptors: [curious('outer', seen)] });
  await rejects(invoke(client.intercept(curious('inner', seen)), methods.authStatus, {}), { code: 'NOT_CAPABLE' });
  assert.equal(seen, ['outer AuthStatus', 'inner AuthStatus']);
  const wrapped = wrapClient(client, {});
  assert.throws(() => invoke(wrapped as never, methods.authStatus, {}), /client is a wrapped client/);
  await rejects(invoke(client, methods.watch, undefined as never), { code: 'INVALID_ARGUMENT', argument: 'method' });
});

test.run();
