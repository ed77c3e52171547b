import { createHash } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { assert, deferred, type Deferred, rejects, suite } from '@etcdts/testing';
import type { CallOptions } from '../call.ts';
import { EtcdError } from '../errors.ts';
import type { SnapshotResponse } from '../messages.ts';
import type { Pipeline } from '../pipeline/pipeline.ts';
import { type Snapshot, type SnapshotOptions, type SnapshotProgress, SnapshotStream } from './snapshot.ts';

const CHUNK = 32 * 1024;
const DATA = Buffer.from(Array.from({ length: CHUNK * 2 + 4096 }, (_, index) => (index * 7) % 251));
const DIGEST = createHash('sha256').update(DATA).digest();
const WHOLE = Buffer.concat([DATA, DIGEST]);

/** Cuts bytes into parts as etcd sends them: `sizes` over and over, remaining bytes counted without the digest. */
function parts(bytes: Buffer, sizes: readonly number[], total = bytes.length - 32): SnapshotResponse[] {
  const messages: SnapshotResponse[] = [];
  for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
    const blob = bytes.subarray(at, at + (sizes[turn % sizes.length] as number));
    at += blob.length;
    messages.push({ header: {} as never, blob, remainingBytes: BigInt(Math.max(total - at, 0)), version: '3.6.0' });
  }
  return messages;
}

interface Fake {
  readonly snapshot: Snapshot;
  readonly opened: CallOptions[];
  asked: number;
  canceled: boolean;
}

function fake(
  messages: Iterable<SnapshotResponse> | AsyncIterable<SnapshotResponse>,
  options: SnapshotOptions = {},
  failure?: Error,
): Fake {
  async function* read(): AsyncGenerator<SnapshotResponse> {
    let ended = false;
    try {
      for await (const message of messages) {
        state.asked += 1;
        yield message;
      }
      ended = true;
      if (failure) throw failure;
    } finally {
      state.canceled = !ended;
    }
  }
  const opened: CallOptions[] = [];
  const pipeline = {
    stream: (_method: unknown, _request: unknown, callOptions: CallOptions) => {
      opened.push(callOptions);
      return read();
    },
  };
  const snapshot = new SnapshotStream(pipeline as unknown as Pipeline, options, options.onProgress);
  const state: Fake = { snapshot, opened, asked: 0, canceled: false };
  return state;
}

/** A snapshot that stops after its second message until told to go on. */
function held(): { readonly snapshot: Snapshot; readonly reached: Deferred<void>; readonly goOn: Deferred<void> } {
  const [reached, goOn] = [deferred(), deferred()];
  async function* read(): AsyncGenerator<SnapshotResponse> {
    const [first, second, ...rest] = parts(WHOLE, [CHUNK]) as [SnapshotResponse, SnapshotResponse];
    yield* [first, second];
    reached.resolve();
    await goOn.promise;
    yield* rest;
  }
  return { snapshot: fake(read()).snapshot, reached, goOn };
}

async function readAll(snapshot: Snapshot): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of snapshot) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function inDirectory(body: (path: string, directory: string) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'etcdts-snapshot-'));
  try {
    await body(join(directory, 'backup.db'), directory);
  } finally {
    await rm(directory, { recursive: true });
  }
}

const test = suite('snapshot');

test('M-09 M-13 M-08 yields the data without the digest, and knows version, progress and digest', async () => {
  const seen: SnapshotProgress[] = [];
  const { snapshot } = fake(parts(WHOLE, [CHUNK, CHUNK, 4096, 32]), {
    onProgress: (progress) => void seen.push(progress),
  });
  assert.is(snapshot.version, '');
  assert.is(snapshot.progress, undefined);
  assert.is(snapshot.digest, undefined);
  assert.equal(await readAll(snapshot), DATA);
  assert.is(snapshot.version, '3.6.0');
  assert.equal(snapshot.digest, DIGEST);
  assert.equal(snapshot.progress, { bytes: DATA.length, totalBytes: DATA.length, remainingBytes: 0 });
  assert.equal(
    seen.map(({ bytes, totalBytes, remainingBytes }) => [bytes, totalBytes, remainingBytes]),
    [CHUNK, CHUNK * 2, DATA.length].map((bytes) => [bytes, DATA.length, DATA.length - bytes]),
  );
});

test('M-08 takes the digest off wherever the chunks are cut', async () => {
  for (const sizes of [[WHOLE.length], [CHUNK], [1000], [31], [33, 5], [0, 7, 32, 1], [WHOLE.length - 1, 1]]) {
    const { snapshot } = fake(parts(WHOLE, sizes));
    assert.ok((await readAll(snapshot)).equals(DATA), `cut at ${sizes.join()}`);
    assert.equal(snapshot.digest, DIGEST);
  }
});

test('M-10 B-11 one changed byte, of the data or of the digest, is DATA_LOSS', async () => {
  for (const at of [0, CHUNK, DATA.length - 1, DATA.length, WHOLE.length - 1]) {
    const bytes = Buffer.from(WHOLE);
    bytes[at] = (bytes[at] as number) ^ 1;
    const { snapshot } = fake(parts(bytes, [CHUNK]), { endpoint: 'http://a:1' });
    const error = await rejects(readAll(snapshot), {
      code: 'DATA_LOSS',
      outcome: 'not-applied',
      endpoint: 'http://a:1',
      method: 'Maintenance.Snapshot',
      attempts: 1,
    });
    assert.match(error.message, /does not match its SHA-256/);
    assert.is(snapshot.digest, undefined);
  }
});

test('B-11 a stream that ends early, even well, is DATA_LOSS and shows how far it came', async () => {
  for (const length of [CHUNK, DATA.length - 512, 20, 0]) {
    const { snapshot } = fake(parts(WHOLE.subarray(0, length), [CHUNK], DATA.length));
    await rejects(readAll(snapshot), { code: 'DATA_LOSS', message: /ended early: \d+ of \d+ bytes came/ });
  }
  const withoutDigest = fake(parts(DATA, [CHUNK], DATA.length));
  await rejects(readAll(withoutDigest.snapshot), { code: 'DATA_LOSS' });
});

test('B-11 a size that is no multiple of 512 is DATA_LOSS, whatever the digest says', async () => {
  const odd = DATA.subarray(0, 1000);
  const { snapshot } = fake(parts(Buffer.concat([odd, createHash('sha256').update(odd).digest()]), [1000, 32]));
  await rejects(readAll(snapshot), { code: 'DATA_LOSS', message: /1000 bytes/ });
  const nothing = fake(parts(createHash('sha256').digest(), [32], 0));
  await rejects(readAll(nothing.snapshot), { code: 'DATA_LOSS' });
});

test('a failing stream rejects with its own error', async () => {
  const gone = new EtcdError({ code: 'UNAVAILABLE', message: 'gone', outcome: 'not-applied' });
  const { snapshot } = fake(parts(WHOLE, [CHUNK]), {}, gone);
  assert.is(await rejects(readAll(snapshot)), gone);
});

test('the stream opens on the first read, without a deadline unless one is given, and only once', async () => {
  const { snapshot, opened } = fake(parts(WHOLE, [CHUNK]), { endpoint: 'http://a:1' });
  assert.is(opened.length, 0);
  await readAll(snapshot);
  assert.equal(opened, [{ endpoint: 'http://a:1', timeoutMs: Infinity }]);
  await rejects(readAll(snapshot), { code: 'FAILED_PRECONDITION', attempts: 0 });
  assert.is(opened.length, 1);
  const limited = fake(parts(WHOLE, [CHUNK]), { timeoutMs: 50 });
  await readAll(limited.snapshot);
  assert.is(limited.opened[0]?.timeoutMs, 50);
});

test('one chunk is requested at a time, and leaving the iteration cancels the stream', async () => {
  const state = fake(parts(WHOLE, [4096]));
  for await (const chunk of state.snapshot) {
    assert.is(chunk.length, 4096);
    // The one handed over and the one held back, which could be the digest.
    assert.is(state.asked, 2);
    break;
  }
  assert.ok(state.canceled);
});

test('SN-01 saveTo writes data and digest, readable by the owner alone, under the final name', async () => {
  await inDirectory(async (path, directory) => {
    await writeFile(path, 'old');
    await chmod(path, 0o644);
    const { snapshot } = fake(parts(WHOLE, [CHUNK]));
    await snapshot.saveTo(path);
    assert.ok((await readFile(path)).equals(WHOLE));
    assert.is((await stat(path)).mode & 0o777, 0o600);
    assert.equal(await readdir(directory), ['backup.db']);
  });
});

test('SN-01 a failed save leaves what was there and no part', async () => {
  await inDirectory(async (path, directory) => {
    await writeFile(path, 'old');
    const bad = Buffer.from(WHOLE);
    bad[9] = 0xff;
    await rejects(fake(parts(bad, [CHUNK])).snapshot.saveTo(path), { code: 'DATA_LOSS' });
    assert.is(await readFile(path, 'utf8'), 'old');
    assert.equal(await readdir(directory), ['backup.db']);
  });
});

test('a left-over part is replaced, and a link in its place is not followed', async () => {
  await inDirectory(async (path, directory) => {
    const victim = join(directory, 'victim');
    await writeFile(victim, 'untouched');
    await symlink(victim, `${path}.part`);
    await fake(parts(WHOLE, [CHUNK])).snapshot.saveTo(path);
    assert.is(await readFile(victim, 'utf8'), 'untouched');
    await writeFile(`${path}.part`, 'x'.repeat(WHOLE.length * 2), { mode: 0o644 });
    await fake(parts(WHOLE, [CHUNK])).snapshot.saveTo(path);
    assert.ok((await readFile(path)).equals(WHOLE));
    assert.is((await stat(path)).mode & 0o777, 0o600);
  });
});

test('of two saves to one path the later one wins, and the earlier one rejects', async () => {
  await inDirectory(async (path, directory) => {
    const [earlier, later] = [held(), held()];
    const first = earlier.snapshot.saveTo(path);
    await earlier.reached.promise;
    const second = later.snapshot.saveTo(path);
    await later.reached.promise;
    earlier.goOn.resolve();
    await rejects(first, /removed while it was written/);
    assert.equal(await readdir(directory), ['backup.db.part']);
    later.goOn.resolve();
    await second;
    assert.ok((await readFile(path)).equals(WHOLE));
    assert.equal(await readdir(directory), ['backup.db']);
  });
});

test('a path that cannot be written fails before the stream opens', async () => {
  await inDirectory(async (path, directory) => {
    const { snapshot, opened } = fake(parts(WHOLE, [CHUNK]));
    await rejects(snapshot.saveTo(join(directory, 'missing', 'backup.db')), { code: 'ENOENT' });
    assert.is(opened.length, 0);
    await mkdir(path);
    await rejects(snapshot.saveTo(path), { code: 'EISDIR' });
    assert.equal(await readdir(directory), ['backup.db']);
  });
});

test('B12 an onProgress that throws or rejects ends the snapshot with that, and cancels the stream', async () => {
  const reason = new Error('of the application');
  const failing: NonNullable<SnapshotOptions['onProgress']>[] = [
    () => {
      throw reason;
    },
    async () => Promise.reject(reason),
  ];
  for (const onProgress of failing) {
    const state = fake(parts(WHOLE, [4096]), { onProgress });
    assert.is(await rejects(readAll(state.snapshot)), reason);
    assert.ok(state.canceled);
  }
});

test.run();
