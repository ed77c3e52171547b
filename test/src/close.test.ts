// on both transports
// runs alone
// limit: 120 s
import { createClient } from '@etcdts/core';
import { assert, deferred, eventually, rejects, startEtcd, startProxy, suite } from '@etcdts/testing';
import type { EtcdServer } from '@etcdts/testing';
import { spawn } from 'node:child_process';
import { createServer, connect, type AddressInfo, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';

const test = suite('close', { timeoutMs: 30_000 });

let etcd: EtcdServer;
test.before(async () => {
  etcd = await startEtcd();
});
test.after(() => etcd?.close());

interface Report {
  /** The time from the call of `close()` to the exit of the process. */
  readonly exitMs: number;
  /** The handles that hold the process at the end, as libuv names them. */
  readonly resources: readonly string[];
  readonly lines: readonly string[];
  readonly stderr: string;
  readonly code: number | string | null;
}

/** Runs a program that has `createClient`, `endpoint`, `report(line)` and `closing()`. It must end without a kill. */
async function run(body: string, endpoint: string): Promise<Report> {
  const program = `
    import { createClient } from '@etcdts/core';
    import { writeSync } from 'node:fs';
    const endpoint = ${JSON.stringify(endpoint)};
    const say = (message) => writeSync(1, JSON.stringify(message) + '\\n');
    const report = (line) => say({ line });
    const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
    let closedAt = performance.now();
    let lateMs = 0;
    const closing = () => {
      closedAt = performance.now();
      // The delay by a busy machine is subtracted. Late ticks of an idle process show it.
      let [at, cpu] = [closedAt, process.cpuUsage()];
      setInterval(() => {
        const { user, system } = process.cpuUsage(cpu);
        lateMs += Math.max(0, performance.now() - at - 10 - (user + system) / 1_000);
        [at, cpu] = [performance.now(), process.cpuUsage()];
      }, 5).unref();
    };
    process.on('exit', () => say({ exitMs: performance.now() - closedAt - lateMs, resources: process.getActiveResourcesInfo() }));
    ${body}
  `;
  const cwd = fileURLToPath(new URL('..', import.meta.url));
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk) => (stdout += chunk));
  child.stderr.on('data', (chunk) => (stderr += chunk));
  const impatience = setTimeout(() => child.kill('SIGKILL'), 15_000);
  const code = await new Promise<number | string | null>((resolve) =>
    child.once('close', (status, signal) => resolve(status ?? signal)),
  );
  clearTimeout(impatience);
  const said = stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Partial<Report> & { line?: string });
  const last = said.at(-1);
  const lines = said.flatMap(({ line }) => (line === undefined ? [] : [line]));
  return { exitMs: last?.exitMs ?? Infinity, resources: last?.resources ?? [], lines, stderr, code };
}

function assertEnded(report: Report, limitMs = 250): void {
  assert.is(report.stderr, '');
  assert.is(report.code, 0);
  assert.ok(report.exitMs < limitMs, `the process ended ${report.exitMs} ms after close()`);
  // The pipes of the process itself are not handles of the client.
  assert.equal(
    report.resources.filter((name) => !/^(Pipe|TTY|FSReq)/.test(name)),
    [],
  );
}

const closes = `closing(); await client.close();`;

test('H36 a process with open watches, keepalives and pending calls ends within 250 ms of close()', async () => {
  const report = await run(
    `
    const client = createClient({ endpoints: endpoint });
    const code = (error) => report(error.code ?? error.name);
    for (let i = 0; i < 10; i++) {
      const watch = client.watch('close/' + i);
      (async () => { for await (const _ of watch); report('watch over'); })().catch(code);
      await watch.created;
    }
    const { id } = await client.lease.grant(60);
    client.lease.keepAlive(id);
    (async () => { for await (const _ of client.lease.keepAlive(id)); report('keepalive over'); })().catch(code);
    const held = client.kv.get('close', { timeoutMs: Infinity });
    held.then(() => report('answered'), code);
    ${closes}
    report('closed');
    `,
    etcd.endpoint,
  );
  assertEnded(report);
  assert.is(
    report.lines.filter((line) => /watch over|CLIENT_CLOSED/.test(line)).length >= 11,
    true,
    report.lines.join(),
  );
});

test('H36 a process whose calls wait on a peer that never answers ends within 250 ms of close()', async () => {
  await using proxy = await startProxy(etcd.endpoint);
  proxy.blackhole();
  const report = await run(
    `
    const client = createClient({ endpoints: endpoint });
    client.kv.put('close', 'x', { timeoutMs: Infinity }).catch((error) => report(error.code + ' ' + error.outcome));
    const watch = client.watch('close');
    (async () => { for await (const _ of watch); report('watch over'); })().catch((error) => report(error.code));
    await pause(200);
    ${closes}
    `,
    proxy.endpoint,
  );
  assertEnded(report);
  assert.ok(report.lines.includes('CLIENT_CLOSED not-applied'), report.lines.join());
});

test('H36 a process whose calls hang after the request was sent ends within 250 ms of close()', async () => {
  await using proxy = await startProxy(etcd.endpoint);
  let accepted = 0;
  proxy.onChunk = (direction) => (direction === 'toClient' && ++accepted > 6 ? 'drop' : 'pass');
  const report = await run(
    `
    const client = createClient({ endpoints: endpoint });
    await client.kv.get('close').catch(() => {});
    for (let i = 0; i < 20; i++) client.kv.put('close/' + i, 'x', { timeoutMs: Infinity }).catch((error) => report(error.code + ' ' + error.outcome));
    await pause(200);
    ${closes}
    `,
    proxy.endpoint,
  );
  assertEnded(report);
  assert.ok(
    report.lines.every((line) => line === 'CLIENT_CLOSED unknown'),
    report.lines.join(),
  );
});

test('H36 a process whose endpoints refuse connections ends within 250 ms of close()', async () => {
  const report = await run(
    `
    const client = createClient({ endpoints: ['127.0.0.1:1', '127.0.0.1:2'] });
    await client.kv.get('close').catch((error) => report(error.code));
    const watch = client.watch('close');
    (async () => { for await (const _ of watch); })().catch((error) => report(error.code));
    await pause(300);
    ${closes}
    `,
    '',
  );
  assertEnded(report);
  assert.is(report.lines[0], 'UNAVAILABLE');
});

test('H36 a process whose TCP connect is never answered ends within 250 ms of close()', async ({ skip }) => {
  if (process.platform !== 'linux') skip('the listen queue is filled in the way of Linux');
  // The listener does not accept. Its queue of one is filled, so that further SYNs are dropped.
  const listener = spawn(
    process.execPath,
    [
      '-e',
      `
    const server = require('node:net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
      process.stdout.write(String(server.address().port), () => process.kill(process.pid, 'SIGSTOP'));
    });`,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const fillers: Socket[] = [];
  try {
    const port = Number(await new Promise<Buffer>((resolve) => listener.stdout.once('data', resolve)));
    await new Promise((resolve) => setTimeout(resolve, 100));
    for (let i = 0; i < 6; i++) fillers.push(connect(port, '127.0.0.1').on('error', () => {}));
    await new Promise((resolve) => setTimeout(resolve, 300));
    assert.ok(
      fillers.some((socket) => socket.connecting),
      'the queue is not full',
    );
    const report = await run(
      `
      const client = createClient({ endpoints: endpoint });
      client.kv.put('close', 'x').catch((error) => report(error.code + ' ' + error.outcome));
      await pause(300);
      ${closes}
      `,
      `127.0.0.1:${port}`,
    );
    assertEnded(report);
    assert.equal(report.lines, ['CLIENT_CLOSED not-applied']);
  } finally {
    for (const socket of fillers) socket.destroy();
    listener.kill('SIGKILL');
    await new Promise((resolve) => listener.once('exit', resolve));
  }
});

test('a process with a client that was never used ends', async () => {
  assertEnded(await run(`createClient({ endpoints: endpoint }); closing();`, etcd.endpoint));
  assertEnded(await run(`const client = createClient({ endpoints: endpoint }); ${closes}`, etcd.endpoint));
});

test('H37 an idle client does not hold the process', async () => {
  const report = await run(
    `
    const client = createClient({ endpoints: endpoint });
    await client.kv.put('close', 'x');
    const watch = client.watch('close');
    await watch.created;
    await watch.cancel();
    closing();
    `,
    etcd.endpoint,
  );
  assert.is(report.stderr, '');
  assert.is(report.code, 0);
  assert.ok(report.exitMs < 1_000, `the process ended ${report.exitMs} ms after its last call`);
});

test('H37 an open iteration holds the process', async () => {
  const report = await run(
    `
    const client = createClient({ endpoints: endpoint });
    const watch = client.watch('close/held');
    (async () => { for await (const _ of watch.events()) { report('event'); closing(); break; } })();
    await watch.created;
    setTimeout(() => createClient({ endpoints: endpoint }).kv.put('close/held', 'x'), 700).unref();
    `,
    etcd.endpoint,
  );
  // Only the watch held the process open, so that the unref'd timer could run.
  assert.equal(report.lines, ['event']);
});

test('CL-03 CL-04 close may be called twice, and calls during and after it reject with CLIENT_CLOSED', async () => {
  const client = createClient({ endpoints: etcd.endpoint });
  const derived = client.intercept();
  await client.kv.get('close');
  const pending = rejects(client.kv.get('close'), { code: 'CLIENT_CLOSED' });
  const first = client.close();
  const during = rejects(client.kv.get('close'), { code: 'CLIENT_CLOSED', outcome: 'not-applied' });
  assert.is(client.close(), first);
  await Promise.all([pending, during, first]);
  await rejects(client.kv.put('close', 'x'), { code: 'CLIENT_CLOSED', outcome: 'not-applied' });
  await rejects(derived.kv.put('close', 'x'), { code: 'CLIENT_CLOSED' });
  await rejects(client.lease.grant(5), { code: 'CLIENT_CLOSED' });
  await rejects(client.cluster.memberList(), { code: 'CLIENT_CLOSED' });
  await rejects(client.maintenance.status(etcd.endpoint), { code: 'CLIENT_CLOSED' });
  await rejects(client.sync(), { code: 'CLIENT_CLOSED' });
  const watch = client.watch('close');
  await rejects(watch.created, { code: 'CLIENT_CLOSED' });
  await rejects(watch[Symbol.asyncIterator]().next(), { code: 'CLIENT_CLOSED' });
  assert.throws(() => client.setEndpoints([etcd.endpoint]), /CLIENT_CLOSED/);
  assert.throws(() => client.intercept(), /CLIENT_CLOSED/);
  assert.is(client.describe().closed, true);
});

test('CL-03 close leaves no socket open', async () => {
  await using proxy = await startProxy(etcd.endpoint);
  for (let i = 0; i < 50; i++) {
    const client = createClient({ endpoints: proxy.endpoint });
    const watch = client.watch('close');
    await watch.created;
    void client.kv.get('close').catch(() => {});
    await client.close();
  }
  await eventually(() => proxy.connections === 0);
  assert.is(proxy.accepted, 50);
});

test('close while a connection is being made leaves no socket open', async () => {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket
      .on('error', () => {})
      .on('close', () => sockets.delete(socket))
      .resume();
  });
  const listening = deferred();
  server.listen(0, '127.0.0.1', () => listening.resolve());
  await listening.promise;
  try {
    for (const scheme of ['http', 'https']) {
      const client = createClient({ endpoints: `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}` });
      const call = rejects(client.kv.get('close'), { code: 'CLIENT_CLOSED' });
      await eventually(() => sockets.size === 1);
      await client.close();
      await call;
      await eventually(() => sockets.size === 0);
    }
  } finally {
    for (const socket of sockets) socket.destroy();
    server.close();
  }
});

test.run();
