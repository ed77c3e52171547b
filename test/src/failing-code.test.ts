// limit: 120 s
// Code of the application's that throws while its connections are cut, each in a process of its own: what it must not do is end
// that process, leave a rejection unhandled, or stop what resumes.
import { assert, startEtcd, suite, type EtcdServer } from '@etcdts/testing';
import { fileURLToPath } from 'node:url';
import { run } from './program.ts';

const test = suite('code of the application that throws', { timeoutMs: 60_000 });

let etcd: EtcdServer;
test.before(async () => {
  etcd = await startEtcd();
});
test.after(() => etcd?.close());

interface Report {
  readonly unhandled: readonly string[];
  readonly uncaught: readonly string[];
  readonly warnings: readonly string[];
  /** What the watch delivered. */
  readonly seen: readonly string[];
  readonly resumes: number;
  readonly renewals: number;
  readonly lost: boolean;
  readonly calls: number;
}

/**
 * Runs a program that watches, keeps a lease and puts while its connections are cut five times. `set-up` gives `options`,
 * the options of its client, and may count in `calls`.
 */
async function cut(setUp: string): Promise<Report> {
  const program = `
    import { createClient } from '@etcdts/core';
    import { deferredStream, tapStream } from '@etcdts/core/plugin';
    import { eventually, startProxy } from '@etcdts/testing';
    const report = { unhandled: [], uncaught: [], warnings: [], seen: [], calls: 0 };
    process.on('unhandledRejection', (reason) => report.unhandled.push(String(reason)));
    process.on('uncaughtException', (reason) => report.uncaught.push(String(reason)));
    process.on('warning', ({ code }) => report.warnings.push(code));
    let armed = false;
    // In no pattern: one could fail every stream at the same place.
    let state = 7;
    const unlucky = (share) => {
      if (!armed) return false;
      report.calls++;
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return state < 2 ** 32 * share;
    };
    ${setUp}
    const proxy = await startProxy(${JSON.stringify(etcd.endpoint)});
    const writer = createClient({ endpoints: ${JSON.stringify(etcd.endpoints)} });
    let stats;
    const looking = { name: 'looking', unary: (next, method, site) => ((stats = () => site.stats()), next) };
    const interceptors = [looking, ...(options.interceptors ?? [])];
    const client = createClient({ endpoints: proxy.endpoint, ...options, interceptors });
    const prefix = 'failing-code/' + process.pid + '/';
    const watch = client.watch(prefix, { prefix: true });
    const reading = (async () => {
      for await (const { kv } of watch.events()) report.seen.push(kv.text());
    })();
    reading.catch((reason) => report.uncaught.push('the watch: ' + String(reason)));
    await watch.created;
    const { id } = await client.lease.grant(5);
    const keepAlive = client.lease.keepAlive(id);
    await keepAlive.renewed;
    armed = true;
    for (let turn = 0; turn < 5; turn++) {
      proxy.cut('reset');
      await writer.kv.put(prefix + turn, String(turn));
      await eventually(() => report.seen.length > turn);
      // A watch that nobody waits for, and one that is left.
      const other = client.watch(prefix + 'x');
      void other.created;
      void other.cancel();
      for await (const _ of client.watch(prefix, { prefix: true, startRevision: 1 })) break;
      client.kv.get('k').catch(() => {});
    }
    armed = false;
    let renewals = 0;
    for await (const _ of keepAlive) if (++renewals === 2) break;
    report.renewals = renewals;
    report.lost = keepAlive.signal.aborted && keepAlive.signal.reason.code === 'LEASE_LOST';
    report.resumes = stats().watches.resumes;
    await client.close();
    await writer.close();
    await proxy.close();
    await new Promise((resolve) => setTimeout(resolve, 50));
    console.log(JSON.stringify(report));
  `;
  const cwd = fileURLToPath(new URL('..', import.meta.url));
  const ending = await run(['--input-type=module', '-e', program], { limitMs: 50_000, cwd });
  assert.is(ending.code, 0, ending.output);
  return JSON.parse(ending.stdout.split('\n').at(-2) ?? '') as Report;
}

function assertWhole(report: Report): void {
  assert.equal(report.unhandled, []);
  assert.equal(report.uncaught, []);
  assert.equal(report.seen, ['0', '1', '2', '3', '4']);
  assert.is(report.renewals, 2);
  assert.is(report.lost, false);
  assert.ok(report.resumes >= 3, `${report.resumes} resumes`);
}

test('B12 a logger that throws, or rejects, on every line: watch and keepalive go on, and one warning reports it', async () => {
  for (const line of [`throw new Error('disk full')`, `return Promise.reject(new Error('disk full'))`]) {
    const report = await cut(`
      const line = () => { report.calls++; ${line}; };
      const options = { logger: { debug: line, info: line, warn: line, error: line } };`);
    assertWhole(report);
    assert.ok(report.calls > 5, `${report.calls} lines`);
    assert.equal(
      report.warnings.filter((code) => code === 'ETCDTS_LOGGER_FAILED'),
      ['ETCDTS_LOGGER_FAILED'],
    );
  }
});

test('B12 interceptors that throw, at once or later, errors or not: watch and keepalive go on', async () => {
  const report = await cut(`
    const fail = () => {
      if (unlucky(1 / 3)) throw report.calls % 2 === 0 ? undefined : new Error('of the interceptor');
    };
    const atOnce = { name: 'at-once', unary: (next) => (call) => (fail(), next(call)), stream: (next) => (call) => (fail(), next(call)) };
    const later = {
      name: 'later',
      unary: (next) => async (call) => { const answer = await next(call); fail(); return answer; },
      stream: (next) => (call) => deferredStream(Promise.resolve().then(() => (fail(), next(call)))),
    };
    const options = { interceptors: [atOnce, later] };`);
  assertWhole(report);
  assert.ok(report.calls > 10, `${report.calls} calls`);
});

test('B12 taps and streams of an interceptor that throw: watch and keepalive go on', async () => {
  const report = await cut(`
    const fail = () => {
      if (unlucky(1 / 6)) throw new Error('of the tap');
    };
    const tapping = { name: 'tapping', stream: (next) => (call) => tapStream(next(call), { sent: fail, received: fail, ended: fail }) };
    const wrapping = {
      name: 'wrapping',
      stream: (next) => (call) => {
        const inner = next(call);
        const doing = (name) => (...given) => (inner[name](...given), fail());
        return { send: doing('send'), end: doing('end'), cancel: doing('cancel'), forEach: (each) => inner.forEach(each),
          [Symbol.asyncIterator]: () => inner[Symbol.asyncIterator]() };
      },
    };
    const options = { interceptors: [tapping, wrapping] };`);
  assertWhole(report);
  assert.ok(report.calls > 10, `${report.calls} calls`);
});

test('B12 a listener that throws when a lease is lost is an uncaught exception, and holds up nothing of the client', async () => {
  const program = `
    import { createClient } from '@etcdts/core';
    const uncaught = [];
    process.on('uncaughtException', (reason) => uncaught.push(String(reason)));
    process.on('unhandledRejection', (reason) => uncaught.push('unhandled: ' + String(reason)));
    const client = createClient({ endpoints: ${JSON.stringify(etcd.endpoints)} });
    const [lost, kept] = await Promise.all([client.lease.grant(60), client.lease.grant(2)]);
    const [first, second] = [lost, kept].map(({ id }) => client.lease.keepAlive(id));
    await Promise.all([first.renewed, second.renewed]);
    first.signal.addEventListener('abort', () => { throw new Error('of the listener'); });
    let told = false;
    first.signal.addEventListener('abort', () => (told = true));
    await client.lease.revoke(lost.id);
    let renewals = 0;
    for await (const _ of second) if (++renewals === 3) break;
    console.log(JSON.stringify({ uncaught, told, renewals, aborted: second.signal.aborted }));
    await client.close();
  `;
  const cwd = fileURLToPath(new URL('..', import.meta.url));
  const { code, stdout, output } = await run(['--input-type=module', '-e', program], { limitMs: 20_000, cwd });
  assert.is(code, 0, output);
  assert.equal(JSON.parse(stdout), { uncaught: ['Error: of the listener'], told: true, renewals: 3, aborted: false });
});

test.run();
