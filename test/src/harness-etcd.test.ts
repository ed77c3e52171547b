import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import type { EtcdMember } from '@etcdts/testing';
import { assert, eventually, rejects, startCluster, startEtcd, suite } from '@etcdts/testing';

const test = suite('harness: etcd', { timeoutMs: 30_000 });

/** One call of etcd's JSON gateway. */
async function call(member: EtcdMember, path: string, body: object): Promise<Record<string, unknown>> {
  const response = await fetch(`${member.clientUrl}/v3/${path}`, {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { connection: 'close' },
  });
  const answer = (await response.json()) as Record<string, unknown>;
  if (!response.ok) throw new Error(JSON.stringify(answer));
  return answer;
}

const put = (member: EtcdMember): Promise<unknown> => call(member, 'kv/put', { key: 'YQ==', value: 'Yg==' });
const count = async (member: EtcdMember): Promise<unknown> =>
  (await call(member, 'kv/range', { key: 'YQ==' }))['count'];

test('starts one member that serves, and keeps its data over a kill', async () => {
  await using etcd = await startEtcd();
  assert.match(etcd.version, /^3\.\d+\.\d+/);
  assert.equal(etcd.endpoints, [`http://${etcd.endpoint}`]);
  await put(etcd.member);
  await etcd.member.kill();
  assert.is(etcd.member.pid, undefined);
  await rejects(call(etcd.member, 'kv/range', { key: 'YQ==' }));
  await etcd.member.restart();
  assert.is(await count(etcd.member), '1');
  await etcd.member.stop();
  etcd.member.wipe();
  await etcd.member.start();
  assert.is(await count(etcd.member), undefined);
});

test('reads metrics, with their labels', async () => {
  await using etcd = await startEtcd();
  await put(etcd.member);
  assert.is(await etcd.member.metric('etcd_mvcc_put_total'), 1);
  assert.is(await etcd.member.metric('grpc_server_handled_total', { grpc_method: 'Put', grpc_code: 'OK' }), 1);
  assert.is(await etcd.member.metric('no_such_metric'), 0);
});

test('a frozen member answers nothing until it is thawed', async () => {
  await using etcd = await startEtcd();
  await etcd.member.freeze();
  assert.is(await etcd.member.isHealthy(), false);
  await etcd.member.thaw();
  await eventually(() => etcd.member.isHealthy());
});

test('passes every option on', async () => {
  await using etcd = await startEtcd({
    timing: 'default',
    authToken: 'simple',
    authTokenTtl: 1,
    quotaBytes: 64 * 1024 * 1024,
    maxRequestBytes: 4096,
    maxTxnOps: 3,
    autoCompaction: { mode: 'revision', retention: '100' },
    progressNotifyIntervalMs: 200,
    extraArgs: ['--max-wals=3'],
  });
  assert.is(await etcd.member.metric('etcd_server_quota_backend_bytes'), 64 * 1024 * 1024);
  const value = Buffer.alloc(5_000).toString('base64');
  await rejects(call(etcd.member, 'kv/put', { key: 'YQ==', value }), /too large/);
});

test('shows the log of a member that does not start, and leaves nothing behind', async () => {
  await rejects(startEtcd({ extraArgs: ['--no-such-flag'] }), /did not start serving[^]*no-such-flag/);
  await rejects(startEtcd({ binary: '/nonexistent/etcd' }), { code: 'ENOENT' });
});

test('elects another leader when the leader is killed, and takes in another member', async () => {
  await using cluster = await startCluster({ members: 3 });
  assert.is(cluster.endpoints.length, 3);
  const first = await cluster.leader();
  await cluster.members[first]?.kill();
  const second = await cluster.leader();
  assert.is.not(second, first);
  await cluster.members[first]?.restart();
  const host = cluster.members[second] as EtcdMember;
  const added = await cluster.addMember();
  // etcd accepts a new member only after all others have been connected for a while.
  await eventually(() => call(host, 'cluster/member/add', { peerURLs: [added.peerUrl] }));
  await added.start();
  await put(added);
  assert.is(await count(host), '1');
});

test('an etcd does not outlive the process that started it, nor do its data', async () => {
  const entry = import.meta.resolve('@etcdts/testing');
  const script = `const { startEtcd } = await import(${JSON.stringify(entry)});
    const { member } = await startEtcd();
    const { readFileSync } = await import('node:fs');
    const flags = readFileSync('/proc/' + member.pid + '/cmdline', 'utf8').split('\\0');
    console.log(JSON.stringify({ pid: member.pid, data: flags.find((flag) => flag.startsWith('--data-dir=')) }));`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const line = await new Promise<string>((resolve) => child.stdout.once('data', (chunk) => resolve(String(chunk))));
  const { pid, data } = JSON.parse(line) as { pid: number; data: string };
  const folder = data.replace('--data-dir=', '');
  assert.ok(existsSync(folder));
  child.kill('SIGKILL');
  await eventually(() => !existsSync(`/proc/${pid}`) && !existsSync(folder), {
    describe: 'etcd and its data are gone',
  });
});

test.run();
