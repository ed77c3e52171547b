import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { auth, authAdmin } from '@etcdts/auth';
import { createClient } from '@etcdts/core';
import { assert, createCertificates, eventually, startEtcd, startProxy, suite } from '@etcdts/testing';
import { addUsers, app, root } from './auth/auth-etcd.ts';
import { run } from './program.ts';

const test = suite('examples', { timeoutMs: 60_000 });
const limitMs = 20_000;

function programOf(example: string, name: string): string {
  return fileURLToPath(new URL(`../../examples/${example}/dist/${name}.js`, import.meta.url));
}

test('config-reloader applies changes, refuses invalid ones, outlives compaction, and ends on SIGINT', async () => {
  await using etcd = await startEtcd();
  await using proxy = await startProxy(etcd.endpoint);
  await using client = createClient({ endpoints: etcd.endpoints });
  const put = (name: string, text: string) => client.kv.put(`config-reloader/${name}`, text);
  await put('logLevel', 'warn');
  const env = { ...process.env, ETCD_ENDPOINTS: proxy.endpoint, CONFIG_PREFIX: undefined };
  const child = spawn(process.execPath, [programOf('config-reloader', 'reloader')], { env });
  const exited = once(child, 'exit');
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const says = (text: string) =>
    eventually(() => output.includes(text), { timeoutMs: 10_000, describe: () => `'${text}' is in\n${output}` });
  try {
    await says('logLevel is warn, and was info\n');
    await put('maxConnections', 'lots');
    await says('refused, maxConnections must be a whole number from 1 to 10000, not "lots"\n');
    await put('colour', 'blue');
    await says('refused, colour is no setting; maxConnections must be a whole number from 1 to 10000, not "lots"\n');
    await client.kv.delete('config-reloader/colour');
    await put('maxConnections', '7');
    await says('maxConnections is 7, and was 100\n');

    proxy.refuse();
    proxy.cut();
    await put('logLevel', 'debug');
    await client.kv.delete('config-reloader/maxConnections');
    const { header: last } = await put('maintenance', 'true');
    await client.kv.compact(last.revision);
    await proxy.heal();
    await says(`revision ${last.revision}: logLevel is debug, and was warn\n`);
    await says(`revision ${last.revision}: maxConnections is 100, and was 7\n`);
    await says(`revision ${last.revision}: maintenance is true, and was false\n`);
    const { header: after } = await put('maintenance', 'false');
    await says(`revision ${after.revision}: maintenance is false, and was true\n`);
    child.kill('SIGINT');
    assert.equal(await exited, [0, null], output);
    assert.match(output, /stopped with \{"logLevel":"debug","maxConnections":100,"maintenance":false\}\n$/);
  } finally {
    child.kill('SIGKILL');
  }
});

test('tls-auth shows what a user may do, by password and by certificate, and prints no password', async () => {
  await using certificates = await createCertificates();
  const { ca } = certificates;
  await using etcd = await startEtcd({
    tls: { ...certificates.server, ca, clientCertAuth: true },
    extraArgs: ['--bcrypt-cost=4'],
  });
  const pair = await certificates.client('app');
  const base = {
    ...process.env,
    ETCDCTL_ENDPOINTS: `https://${etcd.endpoint.replace('https://', '')}`,
    ETCDCTL_CACERT: ca,
    ETCDCTL_CERT: pair.cert,
    ETCDCTL_KEY: pair.key,
  };
  const tour = (env: NodeJS.ProcessEnv, ...args: string[]) =>
    run([programOf('tls-auth', 'tour'), ...args], { limitMs, env: { ...base, ...env } });

  // There is no authentication, so that every client with a certificate has access.
  const off = await tour({}, 'app/greeting', 'hello');
  assert.is(off.code, 0, off.output);
  assert.match(off.output, /^app\/greeting is hello\n[\w.:/]+: TLS\n$/);

  const tls = { ca: await readFile(ca), cert: await readFile(pair.cert), key: await readFile(pair.key) };
  await using client = createClient({ endpoints: etcd.endpoints, tls, interceptors: [auth(root)] });
  await addUsers(authAdmin(client));
  await authAdmin(client).enable();

  const user = { ETCDCTL_USER: app.username, ETCDCTL_PASSWORD: app.password };
  const on = await tour(user, 'app/greeting', 'hi');
  assert.is(on.code, 0, on.output);
  assert.match(on.output, /^app has the role app\n {2}readwrite app\/ to app0\napp\/greeting is hi\n[\w.:/]+: TLS\n$/);
  const byCertificate = await tour({}, 'app/greeting', 'again');
  assert.match(byCertificate.output, /^app\/greeting is again\n/);
  const denied = await tour(user, 'other');
  assert.is(denied.code, 1);
  assert.match(denied.output, /refused: PERMISSION_DENIED/);
  const wrong = await tour({ ...user, ETCDCTL_PASSWORD: 'sentinel-password that is wrong' });
  assert.is(wrong.code, 1);
  assert.match(wrong.output, /refused: AUTH_FAILED/);
  for (const { output } of [on, denied, wrong]) assert.not.match(output, /sentinel-/);
});

test('leader: of two processes the other takes over when one is killed, frozen or cut off, and no counter is written by two', async () => {
  await using etcd = await startEtcd();
  await using client = createClient({ endpoints: etcd.endpoints });
  const env = { ...process.env, ETCD_ENDPOINTS: etcd.endpoint };
  const { code, output } = await run([programOf('leader', 'leader')], { limitMs: 50_000, env });
  assert.is(code, 0, output);
  const taken = /^ {3}=> worker-\d leads after \d\.\d s$/gm;
  assert.is(output.match(taken)?.length, 3, output);
  assert.match(output, /^ {3}worker-2 +is refused by etcd: isLeader\(\) does not hold$/m);
  assert.match(output, /^ {3}worker-2 +is refused by the resource: \d+ is not the highest token$/m);
  assert.match(output, /^in etcd: \d+ writes by 4 leaders, each one more than the last$/m);
  assert.match(output, /^outside: \d+ writes by 4 leaders, each one more than the last$/m);
  assert.is((await client.kv.get('', { prefix: true })).count, 0);
});

test('injection resolves an interceptor with its dependencies from the container of the application', async () => {
  await using etcd = await startEtcd();
  const env = { ...process.env, ETCD_ENDPOINTS: etcd.endpoint };
  const { code, output } = await run([programOf('injection', 'application')], { limitMs, env });
  assert.is(code, 0, output);
  const line = (actor: string, method: string) => `journal {2}${actor}: ${method} done after \\d+\\.\\d ms\n`;
  const expected = [
    'interceptors: audit\n',
    line('alice', 'Put'),
    line('bob', 'Put'),
    'alice says good morning\nbob says good night\n',
    line('nobody', 'DeleteRange'),
  ];
  assert.match(output, new RegExp(`^${expected.join('')}$`));
});

test.run();
