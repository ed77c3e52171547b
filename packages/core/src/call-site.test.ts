import { assert, rejects, suite } from '@etcdts/testing';
import { callSite, failedAt } from './call-site.ts';
import { createClient } from './client.ts';
import { clientClosed, type EtcdError } from './errors.ts';

const test = suite('call sites');

async function readAll(stream: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of stream) continue;
}

test('the error of a watch, a keepalive, pages and a snapshot has the place where the application opened it', async () => {
  await using client = createClient({ endpoints: '127.0.0.1:1' });
  const { kv, lease, maintenance } = client;
  const openings: Record<string, () => Promise<unknown>> = {
    watch: () => whereTheApplicationOpens(() => readAll(client.watch('k', { timeoutMs: 5 }))),
    events: () => whereTheApplicationOpens(() => readAll(client.watch('k', { timeoutMs: 5 }).events())),
    created: () => whereTheApplicationOpens(() => client.watch('k', { timeoutMs: 5 }).created),
    keepAlive: () => whereTheApplicationOpens(() => readAll(lease.keepAlive(1, { timeoutMs: 5 }))),
    renewed: () => whereTheApplicationOpens(() => lease.keepAlive(2, { timeoutMs: 5 }).renewed),
    pages: () => whereTheApplicationOpens(() => readAll(kv.pages('k', { prefix: true }))),
    snapshot: () => whereTheApplicationOpens(() => readAll(maintenance.snapshot())),
    saveTo: () => whereTheApplicationOpens(() => maintenance.snapshot().saveTo('/tmp/etcdts-never-written')),
  };
  function whereTheApplicationOpens(open: () => Promise<unknown>): Promise<unknown> {
    return open();
  }
  for (const [name, open] of Object.entries(openings)) {
    const { stack, message } = await rejects<EtcdError>(open(), {});
    assert.ok(stack?.startsWith(`EtcdError: ${message}\n`), name);
    assert.match(stack as string, /at whereTheApplicationOpens .*call-site\.test/, name);
  }
});

test('so does the reason of the signal of a lost lease', async () => {
  await using client = createClient({ endpoints: '127.0.0.1:1' });
  const whereItIsKept = (): AbortSignal => client.lease.keepAlive(1, { timeoutMs: 5 }).signal;
  const signal = whereItIsKept();
  await new Promise((resolve) => signal.addEventListener('abort', resolve));
  assert.match((signal.reason as EtcdError).stack as string, /at whereItIsKept .*call-site\.test/);
});

test('one error that ends two watches gives each of them its own place', async () => {
  const client = createClient({ endpoints: '127.0.0.1:1' });
  const here = () => client.watch('k').created;
  const there = () => client.watch('k').created;
  const both = [rejects<EtcdError>(here()), rejects<EtcdError>(there())] as const;
  await client.close();
  const [one, other] = await Promise.all(both);
  assert.equal([one.code, other.code], ['CLIENT_CLOSED', 'CLIENT_CLOSED']);
  assert.match(one.stack as string, /at here /);
  assert.match(other.stack as string, /at there /);

  const shared = clientClosed('Watch.Watch');
  const [first, second] = [failedAt(shared, '\n    at one'), failedAt(shared, '\n    at two')] as [
    EtcdError,
    EtcdError,
  ];
  assert.is(first, shared);
  assert.is(first.stack, 'EtcdError: CLIENT_CLOSED: the client is closed\n    at one');
  assert.is(second.stack, 'EtcdError: CLIENT_CLOSED: the client is closed\n    at two');
});

test('the reason of an abort is left as it is', async () => {
  const reason = new Error('enough');
  const { stack } = reason;
  assert.is(failedAt(reason, '\n    at one'), reason);
  assert.is(reason.stack, stack);
});

test('one place is one text, and frames are few', () => {
  const open = () => callSite(open) as string;
  const deep = (depth: number): string => (depth === 0 ? open() : deep(depth - 1));
  const made = [1, 2].map(() => deep(20));
  assert.is(made[0], made[1]);
  assert.is(made[0]?.trim().split('\n').length, 6);
});

test('an application that changes how stacks are made has its own way, and its limit back', () => {
  const { prepareStackTrace, stackTraceLimit } = Error;
  const open = (): string | undefined => callSite(open);
  try {
    Error.prepareStackTrace = () => {
      throw new Error('no');
    };
    assert.is(open(), undefined);
    Error.prepareStackTrace = (_, sites) => sites;
    assert.is(open(), undefined);
    Error.prepareStackTrace = prepareStackTrace;
    Error.stackTraceLimit = 0;
    assert.is(open(), undefined);
    assert.is(Error.stackTraceLimit, 0);
    Error.stackTraceLimit = 50;
    assert.type(open(), 'string');
    assert.is(Error.stackTraceLimit, 50);
  } finally {
    Object.assign(Error, { prepareStackTrace, stackTraceLimit });
  }
});

test('of a thousand calls in a row the first 64 have a call site, and after a pause there are some again', async () => {
  const opened = (): string | undefined => callSite(opened);
  await Promise.resolve();
  const sites = Array.from({ length: 1_000 }, opened);
  assert.is(sites.filter((site) => site !== undefined).length, 64);
  assert.is(sites[63]?.includes('call-site.test'), true);
  await Promise.resolve();
  assert.is.not(opened(), undefined);
});

test.run();
