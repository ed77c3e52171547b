import { spawnSync } from 'node:child_process';
import { createServer, type AddressInfo } from 'node:net';
import { assert, suite } from '@etcdts/testing';
import { grpcTransport } from './grpc.ts';

const test = suite('the default transport', { timeoutMs: 20_000 });

/** Runs a program with `createClient` and `transport`, and returns how many modules of grpc-js its process has loaded. */
function loadedBy(program: string): number {
  const index = JSON.stringify(new URL('../../index.js', import.meta.url));
  const plugin = JSON.stringify(new URL('../../plugin.js', import.meta.url));
  const source = `
    import { createRequire } from 'node:module';
    const { createClient } = await import(${index});
    const { grpcTransport } = await import(${plugin});
    const transport = {
      name: 'none',
      connect: (endpoint) => ({
        endpoint,
        connect: (observer) => setImmediate(() => observer.onLost({ details: 'no network', tls: false })),
        start() {},
        close() {},
      }),
    };
    const use = async (options) => {
      const client = createClient({ endpoints: '127.0.0.1:1', tls: {}, ...options });
      await client.kv.get('k').catch(() => {});
      await client.cluster.memberList().catch(() => {});
      await client.close();
    };
    ${program}
    const modules = Object.keys(createRequire(import.meta.url).cache);
    console.log(modules.filter((name) => name.includes('@grpc/grpc-js')).length);
  `;
  const { stdout, stderr, status } = spawnSync(process.execPath, ['--input-type=module', '-e', source], {
    encoding: 'utf8',
  });
  assert.is(status, 0, stderr);
  return Number(stdout);
}

// The first one: the library is not loaded yet.
test('connects nowhere after a close, while it loads grpc-js', async () => {
  let accepted = 0;
  const server = createServer((socket) => {
    accepted++;
    socket.destroy();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const endpoint = { address: `127.0.0.1:${port}`, host: '127.0.0.1', port, socketPath: undefined, secure: false };
  const options = { tls: undefined, keepalive: undefined, maxReceiveBytes: 1_000 };
  const reported: string[] = [];
  const observer = {
    onReady: () => void reported.push('ready'),
    onLost: () => void reported.push('lost'),
    onCrowded() {},
  };
  const [closed, lost] = [1, 2].map(() => grpcTransport().connect(endpoint, options));
  closed?.connect(observer);
  closed?.close(true);
  await new Promise<void>((resolve) => lost?.connect({ onReady() {}, onLost: () => resolve(), onCrowded() {} }));
  // The one that was lost, and its look whether the peer speaks TLS.
  assert.is(accepted, 2);
  assert.equal(reported, []);
  await new Promise((resolve) => server.close(resolve));
});

test('loads grpc-js when it connects, and is not loaded by a client that only stands there', () => {
  assert.is(loadedBy(`createClient({ endpoints: '127.0.0.1:1' }); grpcTransport();`), 0);
  assert.ok(loadedBy(`await use({});`) > 10);
});

test('is never loaded where another transport is used, for hot and cold calls', () => {
  assert.is(loadedBy(`await use({ transport });`), 0);
});

test.run();
