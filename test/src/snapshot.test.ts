import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient, type EtcdClient, type SnapshotProgress } from '@etcdts/core';
import { assert, type EtcdServer, eventually, isAtLeast, rejects, startEtcd, startProxy, suite } from '@etcdts/testing';

const MIB = 1024 * 1024;
const STORE_BYTES = 24 * MIB;

const test = suite('snapshot', { timeoutMs: 60_000 });

let etcd: EtcdServer;
let client: EtcdClient;
test.before(async () => {
  etcd = await startEtcd();
  client = createClient({ endpoints: etcd.endpoints });
  const value = 'x'.repeat(MIB);
  for (let i = 0; i < STORE_BYTES / MIB; i++) await client.kv.put(`snapshot/${i}`, value);
});
test.after(async () => {
  await client.close();
  await etcd.close();
});

async function inDirectory(body: (path: string, directory: string) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'etcdts-snapshot-'));
  try {
    await body(join(directory, 'backup.db'), directory);
  } finally {
    await rm(directory, { recursive: true });
  }
}

test('M-10 M-13 M-08 B-11 a snapshot comes whole, with progress and a digest that is right', async () => {
  const seen: SnapshotProgress[] = [];
  const snapshot = client.maintenance.snapshot({ onProgress: (progress) => void seen.push(progress) });
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of snapshot) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  assert.ok(bytes >= STORE_BYTES);
  assert.is(bytes % 512, 0);
  assert.ok(snapshot.digest?.equals(hash.digest()));
  assert.equal(snapshot.progress, { bytes, totalBytes: bytes, remainingBytes: 0 });
  assert.ok(seen.length > 10);
  for (const [index, progress] of seen.entries()) {
    assert.is(progress.bytes + progress.remainingBytes, bytes);
    if (index > 0) assert.ok(progress.bytes > (seen[index - 1]?.bytes ?? 0));
  }
  // The file has a version once the member has written a snapshot of its log, in 3.6 and newer.
  assert.match(snapshot.version, isAtLeast(etcd.version, '3.6') ? /^(\d+\.\d+\.\d+)?$/ : /^$/);
});

test('SN-01 a saved snapshot is a database followed by its digest, which is what a restore checks', async () => {
  await inDirectory(async (path, directory) => {
    await client.maintenance.snapshot({ endpoint: etcd.member.clientUrl }).saveTo(path);
    const saved = await readFile(path);
    assert.is(saved.length % 512, 32);
    const database = saved.subarray(0, -32);
    assert.ok(createHash('sha256').update(database).digest().equals(saved.subarray(-32)));
    // The magic number of bbolt in the first page.
    assert.is(database.readUInt32LE(16), 0xed0cdaed);
    assert.is((await stat(path)).mode & 0o777, 0o600);
    assert.equal(await readdir(directory), ['backup.db']);
  });
});

test('B-11 a byte that is changed on the way is DATA_LOSS, and nothing is saved', async () => {
  await using proxy = await startProxy(etcd.endpoint);
  await using user = createClient({ endpoints: proxy.endpoint });
  const inside = Buffer.alloc(64, 'x');
  let changed = false;
  proxy.onChunk = (direction, chunk) => {
    const at = direction === 'toClient' && proxy.bytes.toClient > 4 * MIB && !changed ? chunk.indexOf(inside) : -1;
    if (at >= 0) {
      changed = true;
      chunk[at + 32] = 'y'.charCodeAt(0);
    }
    return 'pass';
  };
  await inDirectory(async (path, directory) => {
    await rejects(user.maintenance.snapshot().saveTo(path), { code: 'DATA_LOSS', outcome: 'not-applied' });
    assert.ok(changed);
    assert.equal(await readdir(directory), []);
  });
});

test('a connection that breaks on the way ends the snapshot, typed, and nothing is saved', async () => {
  await using proxy = await startProxy(etcd.endpoint);
  await using user = createClient({ endpoints: proxy.endpoint });
  const cut = proxy.cutAfter({ direction: 'toClient', bytes: 4 * MIB });
  await inDirectory(async (path, directory) => {
    await rejects(user.maintenance.snapshot().saveTo(path), { name: 'EtcdError', code: 'UNAVAILABLE' });
    await cut;
    assert.equal(await readdir(directory), []);
  });
});

test('M-08 an abort on the way rejects with its reason, and nothing is saved', async () => {
  await inDirectory(async (path, directory) => {
    const abort = new AbortController();
    const reason = new Error('enough');
    const onProgress = ({ bytes }: SnapshotProgress): void => void (bytes > 4 * MIB && abort.abort(reason));
    const saving = client.maintenance.snapshot({ signal: abort.signal, onProgress }).saveTo(path);
    assert.is(await rejects(saving), reason);
    assert.equal(await readdir(directory), []);
  });
});

test('M-08 a reader that does not read holds the member up, and leaving ends the stream on the member', async () => {
  await using proxy = await startProxy(etcd.endpoint);
  await using user = createClient({ endpoints: proxy.endpoint });
  const handled = (): Promise<number> => etcd.member.metric('grpc_server_handled_total', { grpc_method: 'Snapshot' });
  const before = await handled();
  for await (const chunk of user.maintenance.snapshot()) {
    assert.ok(chunk.length > 0);
    let last = -1;
    await eventually(
      () => {
        const still = proxy.bytes.toClient === last;
        last = proxy.bytes.toClient;
        return still;
      },
      { intervalMs: 250 },
    );
    assert.ok(last < STORE_BYTES / 4, `${last} bytes came unread`);
    assert.is(await handled(), before, 'the stream is open');
    break;
  }
  await eventually(async () => (await handled()) === before + 1);
});

test('a stream ended by its own deadline fails with DEADLINE_EXCEEDED', async () => {
  await using proxy = await startProxy(etcd.endpoint);
  await using user = createClient({ endpoints: proxy.endpoint });
  await user.kv.get('snapshot/none');
  proxy.pause('toClient');
  const snapshot = user.maintenance.snapshot({ timeoutMs: 200 });
  const read = async (): Promise<void> => {
    for await (const _chunk of snapshot);
  };
  await rejects(read(), { code: 'DEADLINE_EXCEEDED' });
});

test.run();
