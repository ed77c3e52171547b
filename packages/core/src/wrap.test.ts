import { assert, rejects, settle, suite } from '@etcdts/testing';
import type { ClientSite } from './call.ts';
import { createClient, type EtcdClient } from './client.ts';
import { systemClock } from './clock.ts';
import { invoke, invokeStream } from './invoke.ts';
import { methods } from './methods.ts';
import type { KVService } from './kv/service.ts';
import { FakeTransport } from './transport/fakes.test.kit.ts';
import { wrapClient, type ServiceWrappers } from './wrap.ts';

const test = suite('wrapClient');

const REPLY = Buffer.from([0x0a, 0x00]);

/** A client whose server is spoken by hand. */
function client(): { readonly client: EtcdClient; readonly transport: FakeTransport } {
  const transport = new FakeTransport();
  return { client: createClient({ endpoints: 'a:1', transport }), transport };
}

/** Puts a name in front of every key that is written. */
function naming(name: string): ServiceWrappers {
  return {
    kv: (next): KVService => ({
      range: (request, options) => next.range(request, options),
      rangeStream: (request, options) => next.rangeStream(request, options),
      put: (request, options) => next.put({ ...request, key: Buffer.from(name + String(request.key)) }, options),
      deleteRange: (request, options) => next.deleteRange(request, options),
      txn: (request, options) => next.txn(request, options),
      compact: (request, options) => next.compact(request, options),
    }),
  };
}

/** The key of the put that went over the wire. */
function keyPut(transport: FakeTransport): string {
  const [message] = transport.to('a:1').call.sent as [Buffer];
  return message.subarray(2, 2 + (message[1] as number)).toString();
}

test('CL-18 every operation passes the wrapper, the outermost first; the client below is as it was', async () => {
  const { client: base, transport } = client();
  const wrapped = wrapClient(wrapClient(base, naming('inner/')), naming('outer/'));
  for (const [one, key] of [
    [wrapped, 'inner/outer/k'],
    [base, 'k'],
  ] as const) {
    const call = one.kv.put('k', 'v');
    if (transport.to('a:1').state === 'connecting') transport.to('a:1').ready();
    await settle();
    assert.is(keyPut(transport), key);
    transport.to('a:1').call.reply(REPLY);
    await call;
  }
  assert.is(transport.connections.length, 1);
  await base.close();
});

test('a service that is not named passes as it is', async () => {
  const { client: base, transport } = client();
  const wrapped = wrapClient(base, {});
  const call = rejects(wrapped.lease.grant(5), { code: 'CLIENT_CLOSED' });
  transport.to('a:1').ready();
  await settle();
  assert.is(transport.to('a:1').call.path, '/etcdserverpb.Lease/LeaseGrant');
  await base.close();
  await call;
});

test('disposing of it ends its own watches and keepalives, and leaves the client below alone', async () => {
  const { client: base, transport } = client();
  const wrapped = wrapClient(base, {});
  const own = wrapped.watch('k')[Symbol.asyncIterator]().next();
  const other = base.watch('k');
  const kept = wrapped.lease.keepAlive(5n);
  const keptBelow = base.lease.keepAlive(6n);
  transport.to('a:1').ready();
  await settle();
  await wrapped[Symbol.asyncDispose]();
  await wrapped[Symbol.asyncDispose]();
  assert.is((await own).done, true);
  await rejects(kept[Symbol.asyncIterator]().next(), { code: 'CLIENT_CLOSED' });
  assert.is(keptBelow.signal.aborted, false);
  const late = wrapped.watch('k')[Symbol.asyncIterator]().next();
  assert.ok(
    await late.then(
      ({ done }) => done,
      () => true,
    ),
  );
  let over = false;
  void other[Symbol.asyncIterator]()
    .next()
    .then(() => (over = true));
  await settle();
  assert.is(over, false);
  await base.close();
});

test("a caller's own signal goes on working on a wrapped watch", async () => {
  const { client: base } = client();
  const wrapped = wrapClient(base, {});
  const controller = new AbortController();
  const watch = wrapped.watch('k', { signal: controller.signal });
  const next = rejects(watch[Symbol.asyncIterator]().next(), (reason) => reason === 'mine');
  controller.abort('mine');
  await next;
  await base.close();
});

test('a hundred watches on one wrapped client warn of nothing', async () => {
  const warnings: Error[] = [];
  const note = (warning: Error): void => void warnings.push(warning);
  process.on('warning', note);
  const { client: base } = client();
  const wrapped = wrapClient(base, {});
  const { signal } = new AbortController();
  for (let i = 0; i < 100; i++) wrapped.watch('k', { signal });
  for (let i = 0; i < 100; i++) wrapped.lease.keepAlive(BigInt(i + 1), { signal });
  await settle();
  await base.close();
  process.off('warning', note);
  assert.equal(warnings, []);
});

test('a copy or a proxy of a client is refused, with what to pass; so is a wrapped client where RPCs would pass it by', () => {
  const { client: base } = client();
  const wrapped = wrapClient(base, {});
  for (const bad of [{}, { ...base }, { ...wrapped }, Object.create(base), new Proxy(base, {}), 5, null, undefined]) {
    for (const use of [
      () => wrapClient(bad as EtcdClient, {}),
      () => invoke(bad as EtcdClient, methods.put, {} as never),
    ])
      assert.throws(use, /INVALID_ARGUMENT: client is no client of this package: pass the object that createClient, /);
  }
  assert.throws(
    () => invoke(wrapped, methods.put, {} as never),
    /INVALID_ARGUMENT: client is a wrapped client, .*: pass /,
  );
  assert.throws(() => invokeStream(wrapped, methods.snapshot, {}), /INVALID_ARGUMENT: client is a wrapped client/);
});

test('extra members are there as they are defined, and the wrapped client can be wrapped again', async () => {
  const { client: base } = client();
  let reads = 0;
  const extra = {
    get prefix(): string {
      return `p${++reads}`;
    },
    hello: (name: string): string => `hello ${name}`,
  };
  const wrapped = wrapClient(base, {}, extra);
  assert.equal([wrapped.prefix, wrapped.prefix, wrapped.hello('x')], ['p1', 'p2', 'hello x']);
  assert.is('prefix' in wrapClient(wrapped, naming('a/')), false);
  for (const name of ['kv', 'watch', 'watcher', 'lease', Symbol.asyncDispose]) {
    assert.throws(
      () => wrapClient(base, {}, { [name]: 1 } as object),
      /INVALID_ARGUMENT: extra has .* every client has/,
    );
  }
  await base.close();
});

test("K-11 a wrapper is made with the client's clock, chance and logger, through every wrapper in between", async () => {
  const logger = { debug() {}, info() {}, warn() {}, error() {} };
  const sites: ClientSite[] = [];
  const base = createClient({ endpoints: 'a:1', transport: new FakeTransport(), logger, interceptors: [] });
  const wrap = (site: ClientSite): ServiceWrappers => (sites.push(site), {});
  wrapClient(wrapClient(wrapClient(base, wrap), {}), wrap);
  assert.is(sites.length, 2);
  for (const { clock, random } of sites) assert.equal([clock === systemClock, random === Math.random], [true, true]);
  assert.is(sites[0], sites[1]);
  await base.close();
});

test('a wrapper that would wrap nothing is refused by name', async () => {
  const client = createClient({ endpoints: '127.0.0.1:1' });
  for (const [wrap, said] of [
    [{ KV: () => ({}) }, 'unknown option wrap.KV; did you mean wrap.kv?'],
    [{ kv: {} }, 'wrap.kv must be a function, not an object'],
    [undefined, 'wrap must be an object of wrappers, or a function that returns one, not undefined'],
    [() => undefined, 'wrap must be an object of wrappers, or a function that returns one, not undefined'],
  ] as const) {
    assert.throws(
      () => wrapClient(client, wrap as never),
      (error: Error) => error.message === `INVALID_ARGUMENT: ${said}`,
      said,
    );
  }
  class Own {
    readonly prefix = 'a/';
  }
  assert.type(wrapClient(client, new Own() as never).kv.get, 'function');
  await client.close();
});

test.run();
