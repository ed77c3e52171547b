import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createClient, op, type EtcdClient } from '@etcdts/core';
import { assert, eventually, rejects, suite } from '@etcdts/testing';
import { run } from '../program.ts';
import { RawEtcd } from '../raw-etcd.ts';

const cli = fileURLToPath(new URL('../../../packages/embedded/dist/cli.js', import.meta.url));
// Each test starts processes.
const test = suite('embedded: command', { timeoutMs: 60_000 });

/** Runs the command until `use` has ended, then ends it with a signal. */
async function serving(
  args: readonly string[],
  use: (client: EtcdClient, endpoint: string) => Promise<void>,
): Promise<void> {
  const child = spawn(process.execPath, [cli, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'close');
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  const endpoint = / listens on (\S+)\n$/.exec(line.toString())?.[1];
  assert.ok(endpoint, line.toString());
  const client = createClient({ endpoints: endpoint });
  try {
    await use(client, endpoint);
  } finally {
    child.kill('SIGTERM');
    assert.equal(await ended, [0, null]);
    await client.close();
  }
}

test('serves until a signal ends it', () =>
  serving(['--listen', '127.0.0.1:0'], async (client) => {
    await client.kv.put('k', 'v');
    await client.watch('k').created;
  }));

test('its flags are those of etcd, and have their effects', () =>
  serving(
    [
      '--listen-client-urls=http://127.0.0.1:0',
      ...['--name', 'flagged'],
      '--max-txn-ops=2',
      ...['--max-request-bytes', '2000'],
      '--quota-backend-bytes=50000',
      '-watch-progress-notify-interval=100ms',
      '--min-lease-ttl=7',
      '--auto-compaction-mode=periodic',
      '--auto-compaction-retention=100ms',
      '--auth-token-ttl=1',
    ],
    async (client, endpoint) => {
      const { members } = await client.cluster.memberList();
      assert.equal(
        members.map(({ name, clientUrls }) => [name, clientUrls]),
        [['flagged', [`http://${endpoint}`]]],
      );
      await using watch = client.watch('none', { progressNotify: true });
      for await (const { progressNotify } of watch) {
        assert.is(progressNotify, true);
        break;
      }
      const puts = ['a', 'b', 'c'].map((key) => op.put(key, ''));
      await client.kv.txn({ then: puts.slice(1) });
      await rejects(client.kv.txn({ then: puts }), { code: 'TOO_MANY_OPS' });
      await rejects(client.kv.put('k', 'x'.repeat(2_000)), { code: 'REQUEST_TOO_LARGE' });
      assert.is((await client.lease.grant(1)).ttl, 7);
      await client.kv.put('b', '');
      await eventually(() =>
        client.kv.get('b', { revision: 2 }).then(
          () => false,
          ({ code }) => code === 'COMPACTED',
        ),
      );
      const fill = async (): Promise<void> => {
        for (let i = 0; i < 50; i++) await client.kv.put(`full/${i}`, 'x'.repeat(1_000));
      };
      await rejects(fill(), { code: 'NO_SPACE' });
      const raw = new RawEtcd(endpoint);
      await raw.call('Auth.UserAdd', { name: 'root', password: 'p' });
      await raw.call('Auth.RoleAdd', { name: 'root' });
      await raw.call('Auth.UserGrantRole', { user: 'root', role: 'root' });
      await raw.call('Auth.AuthEnable', {});
      const { responses } = await raw.call('Auth.Authenticate', { name: 'root', password: 'p' });
      const token = String(responses[0]?.['token']);
      // Each use of the token renews it for a second.
      assert.is((await raw.call('KV.Range', { key: Buffer.from('k') }, token)).error, undefined);
      const expired = async (): Promise<boolean> =>
        (await raw.call('KV.Range', { key: Buffer.from('k') }, token)).error?.code === 16;
      await eventually(expired, { intervalMs: 1_500 });
      raw.close();
    },
  ));

test('it listens on a socket, and to others if that is permitted', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'etcdts-'));
  const path = join(folder, 'etcd.sock');
  for (const [args, expected] of [
    [['--listen', `unix:${path}`], new RegExp(`^unix:${path}$`)],
    [[`--listen-client-urls=unix://${path}`], new RegExp(`^unix:${path}$`)],
    [['--listen=0.0.0.0:0', '--allow-remote'], /^0\.0\.0\.0:\d+$/],
  ] as const)
    await serving(args, async (client, endpoint) => {
      assert.match(endpoint, expected);
      await client.kv.put('k', 'v');
    });
  await rm(folder, { recursive: true });
});

test('names what is wrong with its arguments, and lists its flags', async () => {
  for (const [args, expected] of [
    [['--listen', 'nonsense'], /^etcdts-embedded: --listen is nonsense; it must be /],
    [['--listen', '0.0.0.0:0'], /^etcdts-embedded: host 0\.0\.0\.0 is not loopback, and --allow-remote is not set/],
    [['--nonsense'], /^etcdts-embedded: unknown flag --nonsense/],
    [['--max-tnx-ops=1'], /^etcdts-embedded: unknown flag --max-tnx-ops; did you mean --max-txn-ops\?/],
    [['--max-txn-ops=0'], /^etcdts-embedded: --max-txn-ops is 0; it must be a whole number, at least 1/],
    [
      ['--auto-compaction-mode=hourly'],
      /^etcdts-embedded: --auto-compaction-mode is hourly; it must be periodic or revision/,
    ],
    [
      ['--auto-compaction-mode=revision', '--auto-compaction-retention=5m'],
      /^etcdts-embedded: --auto-compaction-retention is 5m; it must be a whole number of revisions/,
    ],
  ] as const) {
    const { code, stdout, stderr } = await run([cli, ...args], { limitMs: 20_000 });
    assert.equal([code, stdout], [1, '']);
    assert.match(stderr, expected);
    assert.match(stderr, /--allow-remote/);
  }
  const { code, stdout, stderr } = await run([cli, '--help'], { limitMs: 20_000 });
  assert.equal([code, stderr], [0, '']);
  assert.match(stdout, /^ {2}--max-txn-ops '128'\n {4}The largest number/m);
});

test.run();
