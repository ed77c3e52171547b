// limit: 120 s
import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { auth, authAdmin } from '@etcdts/auth';
import { createClient, type EtcdClient } from '@etcdts/core';
import { assert, createCertificates, eventually, NoOpenssl, startEtcd, suite, type EtcdServer } from '@etcdts/testing';
import { addUsers, app, root } from '../auth/auth-etcd.ts';
import { run } from '../program.ts';
import { shown } from './mirror-run.ts';

const cli = fileURLToPath(new URL('../../../packages/cache/dist/command/cli.js', import.meta.url));
const test = suite('mirror: command', { timeoutMs: 40_000 });
let servers: { readonly source: EtcdServer; readonly target: EtcdServer };
let source: EtcdClient;
let target: EtcdClient;

test.before(async () => {
  const [one, other] = await Promise.all([startEtcd(), startEtcd()]);
  servers = { source: one, target: other };
  source = createClient({ endpoints: one.endpoint });
  target = createClient({ endpoints: other.endpoint });
});
test.after(async () => {
  await Promise.all([source?.close(), target?.close()]);
  await Promise.all([servers?.source.close(), servers?.target.close()]);
});

/** The command as a process, and what it prints. */
class Running {
  readonly child: ChildProcess;
  stdout = '';
  stderr = '';
  readonly ended: Promise<number | null>;

  constructor(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
    const child = spawn(process.execPath, [cli, 'mirror', ...args], {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child = child;
    child.stdout.on('data', (chunk: Buffer) => (this.stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (this.stderr += chunk.toString()));
    this.ended = new Promise((resolve) => child.once('close', resolve));
  }

  /** Ends it by a signal, and returns its exit code. */
  async stop(signal: 'SIGINT' | 'SIGTERM' = 'SIGTERM'): Promise<number | null> {
    this.child.kill(signal);
    return await this.ended;
  }
}

test('TestCtlV3MakeMirror MR-01 mirrors until a signal ends it, shows where it is, and goes on from its checkpoint', async () => {
  for (let i = 0; i < 300; i++) await source.kv.put(`app/${i}`, String(i));
  const flags = ['--endpoints', servers.source.endpoint, '--prefix=app/', '--dest-prefix', 'copy/'];
  const args = [...flags, '--checkpoint=checkpoints/app', servers.target.endpoint];
  const first = new Running(args);
  await eventually(async () => (await shown(target, 'copy/')) === (await shown(source, 'app/')), { timeoutMs: 20_000 });
  await source.kv.put('app/later', '1');
  await eventually(async () => (await target.kv.get('copy/later')).count === 1);
  assert.is(await first.stop('SIGINT'), 0, first.stderr);
  assert.match(first.stdout, /^reading the source whole: /);
  assert.match(first.stdout, /\nat revision \d+, 0 behind: 301 keys written\n$/);
  assert.is(first.stderr, '');

  await source.kv.delete('app/later');
  const second = new Running(args);
  await eventually(async () => (await target.kv.get('copy/later')).count === 0, { timeoutMs: 20_000 });
  await eventually(() => second.stdout !== '');
  assert.is(await second.stop(), 0, second.stderr);
  assert.match(second.stdout, /at revision \d+, 0 behind: 1 keys written\n$/);
});

test('TestCtlV3MakeMirrorModifyDestPrefix TestCtlV3MakeMirrorNoDestPrefix TestCtlV3MakeMirrorWithWatchRev: --no-dest-prefix, --rev', async () => {
  await source.kv.put('rev/1', 'old');
  const { header } = await source.kv.put('rev/2', 'new');
  const running = new Running([
    ...['--endpoints', servers.source.endpoint, '--prefix', 'rev/', '--no-dest-prefix=true'],
    ...['--rev', String(header.revision), servers.target.endpoint],
  ]);
  await eventually(async () => (await target.kv.get('2')).count === 1, { timeoutMs: 20_000 });
  assert.is((await target.kv.get('1')).count, 0);
  await running.stop();
});

test('MR-06 it goes on when the target was killed, and says meanwhile what it waits for', async () => {
  await using own = await startEtcd();
  await source.kv.put('kill/a', '1');
  const running = new Running([
    ...['--endpoints', servers.source.endpoint, '--prefix', 'kill/', '--checkpoint', 'c'],
    ...[own.endpoint],
  ]);
  await eventually(() => running.stdout.includes('at revision'), { timeoutMs: 20_000 });
  await own.member.kill();
  await source.kv.put('kill/a', '2');
  await eventually(() => running.stdout.includes('waiting for the target: '), { timeoutMs: 20_000 });
  await own.member.start();
  await using client = createClient({ endpoints: own.endpoint });
  await eventually(async () => (await client.kv.get('kill/a')).kvs[0]?.text() === '2', { timeoutMs: 20_000 });
  assert.is(await running.stop(), 0, running.stderr);
});

test('certificates, users and passwords of both sides, in flags and in the environment', async ({ skip }) => {
  const certificates = await createCertificates().catch((error: unknown) => {
    if (error instanceof NoOpenssl) return skip('there is no openssl');
    throw error;
  });
  if (certificates === undefined) return;
  await using _ = certificates;
  const { server, ca } = certificates;
  const pair = await certificates.client('mirror');
  await using from = await startEtcd({ tls: { ...server, ca, clientCertAuth: true } });
  await using to = await startEtcd({ tls: server, extraArgs: ['--bcrypt-cost=4'] });
  const tls = { ca: readFileSync(ca) };
  await using reader = createClient({
    endpoints: from.endpoint,
    tls: { ...tls, cert: readFileSync(pair.cert), key: readFileSync(pair.key) },
  });
  await using admin = createClient({ endpoints: to.endpoint, tls, interceptors: [auth(root)] });
  await addUsers(authAdmin(admin));
  await authAdmin(admin).enable();
  await reader.kv.put('app/secured', '1');
  const flags = ['--endpoints', from.endpoint, '--cacert', ca, '--cert', pair.cert, '--key', pair.key, '--prefix=app/'];
  const running = new Running([...flags, '--dest-cacert', ca, '--dest-user', app.username, to.endpoint], {
    ETCDCTL_DEST_PASSWORD: app.password,
  });
  await eventually(async () => (await admin.kv.get('app/secured')).count === 1, { timeoutMs: 20_000 });
  assert.is(await running.stop(), 0, running.stderr);

  // A right that is missing, and a wrong password.
  const denied = new Running([
    ...flags,
    '--dest-prefix=x/',
    '--dest-cacert',
    ca,
    '--dest-user',
    `${app.username}:${app.password}`,
    to.endpoint,
  ]);
  assert.is(await denied.ended, 1);
  assert.match(denied.stderr, /^Error: .*PERMISSION_DENIED/m);
  const wrong = new Running([...flags, '--dest-cacert', ca, '--dest-user=app:sentinel-wrong', to.endpoint]);
  assert.is(await wrong.ended, 1);
  assert.match(wrong.stderr, /AUTH_FAILED/);
  assert.not.match(wrong.stderr, /sentinel-wrong/);
});

test('bad arguments end it as they end etcdctl, with the same exit codes', async () => {
  const { endpoint } = servers.target;
  for (const [args, code, message] of [
    [['mirror'], 128, /^Error: mirror takes one destination argument\n$/],
    [['mirror', 'a:1', 'b:1'], 128, /one destination argument/],
    [['mirror', '--nonsense', endpoint], 1, /^Error: unknown flag: --nonsense\n\n.*--dest-prefix/s],
    [['mirror', '--rev=abc', endpoint], 1, /^Error: invalid argument "abc" for "--rev" flag/],
    [['mirror', '--rev=-5', endpoint], 1, /"--rev" flag/],
    [['mirror', '--no-dest-prefix=perhaps', endpoint], 1, /neither true nor false/],
    [['mirror', '--dest-prefix=x', '--no-dest-prefix', endpoint], 128, /cannot be set at the same time, choose one/],
    [['mirror', '--remove-extra', '--no-remove-extra', endpoint], 128, /choose one/],
    [['mirror', '--cacert=/nope', endpoint], 128, /^Error: open \/nope: no such file or directory\n$/],
    [['mirror', '--dest-cert=/nope', endpoint], 128, /--dest-cert and --dest-key must both be present/],
    [['mirror', '--endpoints=', endpoint], 128, /no endpoints/],
    [['mirror', '--endpoints=ftp://a', endpoint], 128, /scheme/],
    [['mirror', '--user=app', endpoint], 128, /has no password/],
    [['mirror', '--password=sentinel-word', endpoint], 128, /--password without --user/],
    [
      ['mirror', '--max-txn-ops=1', '--checkpoint=c', '--endpoints', servers.source.endpoint, endpoint],
      128,
      /maxTxnOps/,
    ],
    [['mirror', '--endpoints', endpoint, endpoint, '--prefix=a', '--cert=x'], 128, /must both be present/],
    [['copy'], 1, /unknown command "copy"/],
    [[], 1, /unknown command ""/],
  ] as const) {
    const ending = await run([cli, ...args], { limitMs: 15_000 });
    assert.is(ending.code, code, `${args.join(' ')}: ${ending.output}`);
    assert.match(ending.stderr, message);
    assert.not.match(ending.stderr, /\n {4}at /);
  }
  const help = await run([cli, '--help'], { limitMs: 10_000 });
  assert.is(help.code, 0);
  assert.match(help.stdout, /mirror \[flags\] <destination>/);
});

test('an etcd that does not answer at the start ends it, with the reasons', async () => {
  const { code, stderr } = await run([cli, 'mirror', '--endpoints=127.0.0.1:1', servers.target.endpoint], {
    limitMs: 20_000,
  });
  assert.is(code, 1);
  assert.match(stderr, /^Error: .*127\.0\.0\.1:1/m);
});

test.run();
