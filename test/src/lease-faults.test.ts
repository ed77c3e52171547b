// limit: 180 s
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient, isEtcdError } from '@etcdts/core';
import { isCall, methods, tapStream } from '@etcdts/core/plugin';
import type { KeepAlive } from '@etcdts/core';
import type { Interceptor } from '@etcdts/core/plugin';
import { assert, eventually, rejects, startCluster, startEtcd, startProxy, suite } from '@etcdts/testing';
import type { EtcdCluster, EtcdMember } from '@etcdts/testing';

const test = suite('lease faults', { timeoutMs: 40_000 });

/** Observes the renewals of one lease: when the last acknowledged one was sent, and how many there were. */
function renewals(): { interceptor: Interceptor; sentAt: number; count: number } {
  const seen = {
    sentAt: 0,
    count: 0,
    interceptor: {
      name: 'renewals',
      stream: (next) => (call) => {
        const stream = next(call);
        if (!isCall(call, methods.leaseKeepAlive)) return stream;
        const sends: number[] = [];
        return tapStream(stream, {
          sent: () => void sends.push(performance.now()),
          received: () => {
            seen.sentAt = sends.shift() as number;
            seen.count++;
          },
        });
      },
    } satisfies Interceptor as Interceptor,
  };
  return seen;
}

/** The member that renews a lease now: the one with an open LeaseKeepAlive stream. */
async function renewing(cluster: EtcdCluster): Promise<EtcdMember> {
  const labels = { grpc_method: 'LeaseKeepAlive' };
  for (const member of cluster.members) {
    const started = await member.metric('grpc_server_started_total', labels);
    if (started > (await member.metric('grpc_server_handled_total', labels))) return member;
  }
  throw new Error('no member renews');
}

function abortOf({ signal }: KeepAlive): Promise<number> {
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(performance.now()), { once: true }));
}

test('the signal of a lease on a frozen member aborts when the lease may be gone, no sooner and no later (H26)', async () => {
  await using etcd = await startEtcd();
  const seen = renewals();
  await using client = createClient({ endpoints: etcd.endpoints, interceptors: [seen.interceptor] });
  const { id, ttl } = await client.lease.grant(3);
  const kept = client.lease.keepAlive(id);
  const reader = kept[Symbol.asyncIterator]();
  const aborted = abortOf(kept);
  await reader.next();
  await reader.next();
  await etcd.member.freeze();
  try {
    const deadline = seen.sentAt + ttl * 1_000;
    // A timer of this process shows how late the machine is.
    const due = new Promise<number>((resolve) => {
      setTimeout(() => resolve(performance.now()), deadline - performance.now());
    });
    const lateMs = (await aborted) - deadline;
    assert.ok(lateMs >= 0, `${-lateMs} ms too soon`);
    const afterTimer = deadline + lateMs - (await due);
    assert.ok(afterTimer < 100, `${lateMs} ms after the deadline, ${afterTimer} ms after a timer for it`);
    assert.ok(isEtcdError(kept.signal.reason, 'LEASE_LOST'));
    await rejects(reader.next(), { code: 'LEASE_LOST' });
  } finally {
    await etcd.member.thaw();
  }
});

for (const fault of ['freeze', 'kill'] as const) {
  test(`a lease of 5 s lives on when the member that renews it fails: ${fault} (H27)`, async () => {
    await using cluster = await startCluster();
    const seen = renewals();
    await using client = createClient({ endpoints: cluster.endpoints, interceptors: [seen.interceptor] });
    const { id } = await client.lease.grant(5);
    const kept = client.lease.keepAlive(id);
    const aborted = abortOf(kept);
    await eventually(() => seen.count >= 1);
    await (await renewing(cluster))[fault]();
    const before = seen.count;
    const moved = eventually(() => seen.count >= before + 2);
    await Promise.race([moved, aborted.then(() => assert.unreachable(String(kept.signal.reason.cause)))]);
    assert.not(kept.signal.aborted);
    assert.ok((await client.lease.timeToLive(id)).ttl > 0);
  });

  test(`a lease of 5 s lives on when the leader fails: ${fault} (H27)`, async () => {
    await using cluster = await startCluster();
    const seen = renewals();
    await using client = createClient({ endpoints: cluster.endpoints, interceptors: [seen.interceptor] });
    const { id } = await client.lease.grant(5);
    const kept = client.lease.keepAlive(id);
    const aborted = abortOf(kept);
    await eventually(() => seen.count >= 1);
    await cluster.members[await cluster.leader()]![fault]();
    const before = seen.count;
    const moved = eventually(() => seen.count >= before + 2);
    await Promise.race([moved, aborted.then(() => assert.unreachable(String(kept.signal.reason.cause)))]);
    assert.not(kept.signal.aborted);
  });
}

test('a lease of 4 s lives on over two seconds without a quorum (L-23, TestLeaseRenewLostQuorum)', async () => {
  await using cluster = await startCluster();
  const seen = renewals();
  await using client = createClient({ endpoints: [cluster.endpoints[0]!], interceptors: [seen.interceptor] });
  const { id } = await client.lease.grant(4);
  const kept = client.lease.keepAlive(id);
  await eventually(() => seen.count >= 1);
  const others = cluster.members.slice(1);
  await Promise.all(others.map((member) => member.freeze()));
  await sleep(2_000);
  await Promise.all(others.map((member) => member.thaw()));
  const before = seen.count;
  await eventually(() => seen.count >= before + 3);
  assert.not(kept.signal.aborted);
});

test('a lease revoked while the client was cut off ends its keepalive (TestLeaseKeepAliveCloseAfterDisconnectRevoke)', async () => {
  await using etcd = await startEtcd();
  await using proxy = await startProxy(etcd.endpoint);
  await using client = createClient({ endpoints: proxy.endpoint });
  await using other = createClient({ endpoints: etcd.endpoints });
  const { id } = await client.lease.grant(10);
  const kept = client.lease.keepAlive(id);
  const reader = kept[Symbol.asyncIterator]();
  await reader.next();
  proxy.refuse();
  proxy.cut();
  await other.lease.revoke(id);
  await proxy.heal();
  await rejects(
    async () => {
      while (!(await reader.next()).done);
    },
    { code: 'LEASE_NOT_FOUND' },
  );
});

test('keepAliveOnce tries again where a connection breaks', async () => {
  await using etcd = await startEtcd();
  await using proxy = await startProxy(etcd.endpoint);
  await using client = createClient({ endpoints: proxy.endpoint });
  const { id } = await client.lease.grant(10);
  proxy.swallowReplies();
  const renewal = client.lease.keepAliveOnce(id);
  await sleep(200);
  await proxy.heal();
  assert.is((await renewal).ttl, 10);
});

/** Runs a separate program that has `@etcdts/core` and the endpoint. */
function run(endpoint: string, program: string): ReturnType<typeof spawn> {
  const head = `import { createClient } from '@etcdts/core'; const client = createClient({ endpoints: '${endpoint}' });`;
  const argv = ['--input-type=module', '-e', head + program];
  return spawn(process.execPath, argv, { cwd: import.meta.dirname, stdio: ['ignore', 'pipe', 'inherit'] });
}

async function end(child: ReturnType<typeof spawn>): Promise<void> {
  if (child.exitCode === null) child.kill('SIGKILL');
  child.stdout?.destroy();
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
}

test('a process that was stopped longer than its lease runs no guarded code when it goes on (H26)', async () => {
  await using etcd = await startEtcd();
  const child = run(
    etcd.endpoint,
    `
    const { id } = await client.lease.grant(2);
    setInterval(() => console.log(kept.signal.aborted ? 'lost ' + kept.signal.reason.code : 'working'), 20);
    const kept = client.lease.keepAlive(id);
  `,
  );
  const lines: string[] = [];
  createInterface(child.stdout!).on('line', (line) => lines.push(line));
  try {
    await eventually(() => lines.length > 20);
    child.kill('SIGSTOP');
    await sleep(2_500);
    const before = lines.length;
    child.kill('SIGCONT');
    await eventually(() => lines.length > before + 2);
    assert.equal(new Set(lines.slice(0, before)), new Set(['working']));
    assert.equal(new Set(lines.slice(before)), new Set(['lost LEASE_LOST']));
  } finally {
    await end(child);
  }
});

test('a process stays up for a lease that it keeps alive, and ends by itself after close (H36, H37)', async () => {
  await using etcd = await startEtcd();
  const child = run(
    etcd.endpoint,
    `
    const { id } = await client.lease.grant(60);
    const kept = client.lease.keepAlive(id);
    await kept[Symbol.asyncIterator]().next();
    await client.lease.keepAlive(id).cancel();
    console.log('kept');
    setTimeout(() => void client.close().then(() => console.log('closed')), 700).unref();
  `,
  );
  const started = performance.now();
  const lines: string[] = [];
  createInterface(child.stdout!).on('line', (line) => lines.push(line));
  try {
    await eventually(() => child.exitCode !== null && lines.length === 2);
    assert.is(child.exitCode, 0);
    assert.equal(lines, ['kept', 'closed']);
    assert.ok(performance.now() - started > 700);
  } finally {
    await end(child);
  }
});

test.run();
