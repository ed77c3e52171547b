// on both transports
// runs alone
// limit: 120 s
import { createClient, type ClientOptions, type EtcdError, type EtcdErrorCode, type TlsOptions } from '@etcdts/core';
import { assert, createCertificates, NoOpenssl, rejects, startEtcd, suite } from '@etcdts/testing';
import type { EtcdServer, TestCertificates } from '@etcdts/testing';
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const test = suite('tls', { timeoutMs: 20_000 });

let certificates: TestCertificates | undefined;
let secure: EtcdServer;
let mutual: EtcdServer;
let plain: EtcdServer;

test.before(async () => {
  try {
    certificates = await createCertificates();
  } catch (error) {
    if (!(error instanceof NoOpenssl)) throw error;
    return;
  }
  const { server, ca } = certificates;
  [secure, mutual, plain] = await Promise.all([
    startEtcd({ tls: server }),
    startEtcd({ tls: { ...server, ca, clientCertAuth: true } }),
    startEtcd(),
  ]);
});
test.after(async () => {
  await Promise.all([secure, mutual, plain].map((etcd) => etcd?.close()));
  await certificates?.close();
});

/** A test of TLS, skipped if there is no openssl to make certificates. */
function fact(name: string, body: (made: TestCertificates) => Promise<void>): void {
  test(name, ({ skip }) => body(certificates ?? skip('openssl is not installed')));
}

const pem = (path: string): Buffer => readFileSync(path);
const port = (etcd: EtcdServer): string => etcd.endpoint.split(':').at(-1) as string;

async function works(options: ClientOptions): Promise<void> {
  await using client = createClient(options);
  await client.kv.put('tls', 'x');
  assert.is((await client.kv.get('tls')).kvs[0]?.text(), 'x');
}

/** Asserts that a call fails within a second, was not applied, and names the reason. */
async function fails(options: ClientOptions, reason: RegExp, code: EtcdErrorCode = 'TLS_FAILED'): Promise<void> {
  await using client = createClient(options);
  const started = performance.now();
  const error = await rejects<EtcdError>(client.kv.put('tls', 'x'), { code, outcome: 'not-applied' });
  assert.ok(performance.now() - started < 3_000, `it took ${performance.now() - started} ms`);
  assert.match(error.message, reason);
}

/** Serves an address of its own in front of an etcd. */
async function forward<T>(host: string, etcd: EtcdServer, run: (port: number) => Promise<T>): Promise<T> {
  const server = createServer((socket) => {
    const upstream = connect(Number(port(etcd)), '127.0.0.1');
    socket.on('error', () => upstream.destroy()).on('close', () => upstream.destroy());
    upstream.on('error', () => socket.destroy()).on('close', () => socket.destroy());
    socket.pipe(upstream).pipe(socket);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(host.startsWith('/') ? host : { host, port: 0 }, resolve);
  });
  try {
    const address = server.address();
    return await run(typeof address === 'string' ? 0 : (address as AddressInfo).port);
  } finally {
    server.close();
  }
}

fact('CF-09 a certificate is verified by IP address, by name, and as PEM text or bytes', async ({ ca }) => {
  await works({ endpoints: `https://127.0.0.1:${port(secure)}`, tls: { ca: pem(ca) } });
  await works({ endpoints: `https://localhost:${port(secure)}`, tls: { ca: pem(ca).toString() } });
  await works({ endpoints: `127.0.0.1:${port(secure)}`, tls: { ca: pem(ca) } });
});

fact('a certificate is verified by IPv6 address', async ({ ca }) => {
  await forward('::1', secure, (at) => works({ endpoints: `https://[::1]:${at}`, tls: { ca: pem(ca) } }));
});

fact('a client certificate is shown', async ({ ca, client }) => {
  const { cert, key } = await client('alice');
  await works({ endpoints: mutual.endpoints, tls: { ca: pem(ca), cert: pem(cert), key: pem(key) } });
});

fact('serverName is what the certificate is verified against', async ({ ca, wrongName }) => {
  await using etcd = await startEtcd({ tls: wrongName });
  await works({ endpoints: etcd.endpoints, tls: { ca: pem(ca), serverName: 'wrong.example' } });
  await fails({ endpoints: etcd.endpoints, tls: { ca: pem(ca) } }, /TLS.*127\.0\.0\.1/s);
  await fails({ endpoints: `https://localhost:${port(etcd)}`, tls: { ca: pem(ca) } }, /TLS.*(localhost|altnames)/s);
  await fails(
    { endpoints: secure.endpoints, tls: { ca: pem(ca), serverName: 'other.example' } },
    /TLS.*other\.example/s,
  );
});

fact('insecureSkipVerify accepts any certificate, and warns', async ({ rogue }) => {
  await using etcd = await startEtcd({ tls: rogue.server });
  const warnings: string[] = [];
  const logger = { debug() {}, info() {}, warn: (line: string) => void warnings.push(line), error() {} };
  await works({ endpoints: etcd.endpoints, tls: { insecureSkipVerify: true }, logger });
  assert.match(warnings[0] ?? '', /insecureSkipVerify/);
});

fact('H13 an authority that is not trusted fails with the reason', async ({ ca, rogue }) => {
  await fails({ endpoints: secure.endpoints, tls: { ca: pem(rogue.ca) } }, /TLS.*(certificate|issuer)/s);
  await fails({ endpoints: secure.endpoints }, /TLS.*(certificate|issuer)/s);
  const { cert, key } = await rogue.client('mallory');
  await fails({ endpoints: mutual.endpoints, tls: { ca: pem(ca), cert: pem(cert), key: pem(key) } }, /TLS/);
});

fact('H13 a missing client certificate fails with the reason', async ({ ca }) => {
  await fails({ endpoints: mutual.endpoints, tls: { ca: pem(ca) } }, /TLS.*(certificate required|bad certificate)/s);
});

fact('H13 TLS to a plain server, and plain to a TLS server, fail at once', async ({ ca }) => {
  await fails({ endpoints: `https://127.0.0.1:${port(plain)}`, tls: { ca: pem(ca) } }, /TLS/);
  await fails({ endpoints: `http://127.0.0.1:${port(secure)}` }, /no connection/, 'UNAVAILABLE');
});

fact('one endpoint with a bad certificate does not keep calls from the others', async ({ ca, wrongName }) => {
  await using etcd = await startEtcd({ tls: wrongName });
  await using client = createClient({ endpoints: [...etcd.endpoints, ...secure.endpoints], tls: { ca: pem(ca) } });
  for (let i = 0; i < 10; i++) await client.kv.put('tls', 'x');
});

test('bad PEM is refused when the client is made, and named', () => {
  const options = (tls: TlsOptions): ClientOptions => ({ endpoints: 'https://127.0.0.1:1', tls });
  assert.throws(() => createClient(options({ cert: 'x', key: 'y' })), /INVALID_ARGUMENT: tls/);
  assert.throws(() => createClient(options({ cert: 'x' })), /tls\.key is missing/);
  assert.throws(
    () => createClient(options({ key: 'secret-key' })),
    (error: Error) => !error.message.includes('secret-key'),
  );
  // This holds even if only a later endpoint would use it.
  assert.throws(
    () => createClient({ ...options({ cert: 'x', key: 'y' }), endpoints: 'http://127.0.0.1:1' }),
    /INVALID_ARGUMENT: tls/,
  );
});

fact('H14 H41 connecting by IP address over TLS prints nothing, and proxy variables are not obeyed', async ({ ca }) => {
  const program = `
    import { createClient } from '@etcdts/core';
    import { readFileSync } from 'node:fs';
    const etcd = createClient({ endpoints: ${JSON.stringify(secure.endpoints)}, tls: { ca: readFileSync(${JSON.stringify(ca)}) } });
    await etcd.kv.put('tls/child', 'x');
    await etcd.close();
  `;
  const cwd = fileURLToPath(new URL('..', import.meta.url));
  const dead = 'http://127.0.0.1:1';
  const env = {
    ...process.env,
    http_proxy: dead,
    https_proxy: dead,
    grpc_proxy: dead,
    HTTP_PROXY: dead,
    HTTPS_PROXY: dead,
  };
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    cwd,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  child.stdout.on('data', (chunk) => (output += chunk));
  child.stderr.on('data', (chunk) => (output += chunk));
  const code = await new Promise((resolve) => child.once('close', resolve));
  assert.is(output, '');
  assert.is(code, 0);
});

fact('unix sockets carry plain and TLS connections, by absolute and by relative path', async ({ ca }) => {
  const folder = await mkdtemp(join(tmpdir(), 'etcdts-unix-'));
  try {
    await forward(join(folder, 'plain'), plain, async () => {
      await works({ endpoints: `unix:${join(folder, 'plain')}` });
      await works({ endpoints: `unix://${join(folder, 'plain')}` });
    });
    await forward(join(folder, 'secure'), secure, () =>
      works({ endpoints: `unixs:${join(folder, 'secure')}`, tls: { ca: pem(ca) } }),
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test('etcd serves a unix socket', async () => {
  // etcd accepts only "unix://host:port", and makes a file of that name in its working directory.
  const folder = await mkdtemp(join(tmpdir(), 'etcdts-unix-'));
  const cwd = process.cwd();
  try {
    await using etcd = await startEtcd();
    await using client = createClient({ endpoints: etcd.endpoint });
    await client.kv.put('tls/unix', 'x');
    process.chdir(folder);
    await forward(join(folder, 'localhost:1'), etcd, () => works({ endpoints: 'unix://localhost:1' }));
  } finally {
    process.chdir(cwd);
    await rm(folder, { recursive: true, force: true });
  }
});

test.run();
