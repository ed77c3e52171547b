// limit: 90 s
// What a client shows of its connections on a real etcd: the log, NODE_DEBUG, and the diagnostics channels.
import { createClient, type Logger } from '@etcdts/core';
import type { DiagnosticsMessages } from '@etcdts/core/plugin';
import { assert, eventually, startEtcd, startProxy, suite } from '@etcdts/testing';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { createServer, type ServerHttp2Session } from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { run } from './program.ts';
import { onHttp2 } from './transports.ts';

const test = suite('what a client shows', { timeoutMs: 40_000 });

type Name = keyof DiagnosticsMessages;

/** Collects what is published on some channels. */
class Published implements Disposable {
  readonly messages: { [N in Name]?: DiagnosticsMessages[N][] } = {};
  readonly #names: readonly Name[];

  constructor(...names: Name[]) {
    this.#names = names;
    for (const name of names) subscribe(name, this.#add);
  }

  of<N extends Name>(name: N): readonly DiagnosticsMessages[N][] {
    return this.messages[name] ?? [];
  }

  [Symbol.dispose](): void {
    for (const name of this.#names) unsubscribe(name, this.#add);
  }

  readonly #add = (message: unknown, name: string | symbol): void => {
    ((this.messages[name as Name] ??= []) as unknown[]).push(message);
  };
}

test('D20 a cut connection is reported as lost and ready again, its watches and leases as resumed, by their numbers', async () => {
  await using etcd = await startEtcd();
  await using proxy = await startProxy(etcd.endpoint);
  await using client = createClient({ endpoints: proxy.endpoint });
  using published = new Published(
    'etcdts:connection:ready',
    'etcdts:connection:lost',
    'etcdts:connection:close',
    'etcdts:stream:resumed',
  );
  const watches = Array.from({ length: 3 }, (_, i) => client.watch(`diagnostics/${i}`));
  await Promise.all(watches.map(({ created }) => created));
  const { id } = await client.lease.grant(3);
  const keepAlive = client.lease.keepAlive(id);
  await keepAlive.renewed;
  proxy.cut('reset');
  await eventually(() => published.of('etcdts:stream:resumed').length === 2);
  const resumed = published.of('etcdts:stream:resumed').map(({ method, count }) => `${method} ${count}`);
  assert.equal(resumed.toSorted(), ['Lease.LeaseKeepAlive 1', 'Watch.Watch 3']);
  const [lost] = published.of('etcdts:connection:lost');
  assert.equal([lost?.endpoint, lost?.connected, lost?.graceful], [proxy.endpoint, true, false]);
  assert.is(published.of('etcdts:connection:ready').length, 2);
  await client.close();
  assert.is(published.of('etcdts:connection:close').length, 1);
});

test('D20 a peer that announces its end, as proxies do, is information; one that just goes is a warning', async () => {
  for (const graceful of [true, false]) {
    const sessions: ServerHttp2Session[] = [];
    const sockets: Socket[] = [];
    const server = createServer().on('session', (session) => void sessions.push(session.on('error', () => {})));
    server.on('connection', (socket: Socket) => void sockets.push(socket));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const endpoint = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    const lines: string[] = [];
    const line = (level: string) => (message: string) => void lines.push(`${level} ${message}`);
    const logger: Logger = { debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error') };
    const client = createClient({ endpoints: endpoint, logger });
    using published = new Published('etcdts:connection:ready', 'etcdts:connection:lost');
    const call = client.kv.get('k').catch(() => {});
    await eventually(() => published.of('etcdts:connection:ready').length > 0);
    if (graceful) sessions[0]?.goaway(0);
    else sockets[0]?.destroy();
    await eventually(() => published.of('etcdts:connection:lost').length > 0);
    assert.is(published.of('etcdts:connection:lost')[0]?.graceful, graceful);
    const expected = graceful
      ? 'info etcdts: E: the peer ends the connection'
      : `warn etcdts: E: ${onHttp2 ? 'the peer closed the connection' : 'the connection was lost'}`;
    assert.equal(
      lines.filter((text) => !text.startsWith('debug')),
      [expected.replace('E', endpoint)],
    );
    await client.close();
    await call;
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  }
});

/** Runs a program that has `createClient`. */
function program(body: string, env: NodeJS.ProcessEnv = {}): ReturnType<typeof run> {
  const text = `import { createClient } from '@etcdts/core'; ${body}`;
  const cwd = fileURLToPath(new URL('..', import.meta.url));
  return run(['--input-type=module', '-e', text], { limitMs: 30_000, cwd, env: { ...process.env, ...env } });
}

test('D20 NODE_DEBUG=etcdts prints the log of a client without a logger; otherwise nothing is printed', async () => {
  const body = `
    const client = createClient({ endpoints: '127.0.0.1:1' });
    await client.kv.get('k').catch(() => {});
    await client.close();`;
  const shown = await program(body, { NODE_DEBUG: 'etcdts' });
  assert.is(shown.code, 0, shown.output);
  assert.match(shown.stderr, /^ETCDTS \d+: warn: 127\.0\.0\.1:1: connect ECONNREFUSED/m);
  assert.match(shown.stderr, /reason: 'connect ECONNREFUSED/);
  const silent = await program(body, { NODE_DEBUG: '' });
  assert.equal([silent.code, silent.output], [0, '']);
});

test('D20 a watch that has waited 10 s for a connection warns the process, once, and does not keep it alive', async () => {
  const { code, stderr } = await program(`
    const client = createClient({ endpoints: ['127.0.0.1:1', '127.0.0.1:2'] });
    const watches = ['a', 'b'].map((key) => client.watch(key));
    process.once('warning', () => setTimeout(() => client.close(), 2_000));`);
  assert.is(code, 0);
  const warnings = stderr.match(/^.*ETCDTS_NO_CONNECTION.*$/gm) ?? [];
  assert.is(warnings.length, 1, stderr);
  assert.match(
    warnings[0] ?? '',
    /EtcdtsWarning: etcdts: calls or watches have waited 10 s for a connection: 127\.0\.0\.1:1: connect ECONNREFUSED.*; 127\.0\.0\.1:2: /,
  );
});

test.run();
