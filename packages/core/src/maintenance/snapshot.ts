import type { CallOptions } from '../call.ts';
import { failedAt } from '../call-site.ts';
import type { EtcdErrorCode } from '../error-codes.ts';
import { EtcdError } from '../errors.ts';
import { secondReader } from '../inbox.ts';
import { crypto } from '../late-modules.ts';
import { methods } from '../methods.ts';
import type { Pipeline } from '../pipeline/pipeline.ts';
import { saveSnapshot } from './save-snapshot.ts';

/** The progress of a snapshot, in bytes of the database. */
export interface SnapshotProgress {
  /** The bytes read so far. */
  readonly bytes: number;
  /** The size that the member announced. */
  readonly totalBytes: number;
  /** The bytes still to come. */
  readonly remainingBytes: number;
}

/** Options of `Maintenance.snapshot`. */
export interface SnapshotOptions extends CallOptions {
  /**
   * Called for every chunk, just before the reader gets it, which waits for a promise. If it throws or rejects, the snapshot
   * ends with that error.
   */
  onProgress?: ((progress: SnapshotProgress) => void | Promise<void>) | undefined;
}

/**
 * A member's database, in chunks, without the digest that follows it on the wire. Read it once, by an iteration or by `saveTo`.
 * One chunk is requested at a time, so that a slow reader slows the member down. An iteration that is left ends the snapshot.
 *
 * The chunks are verified only when the iteration has ended without an error. It throws `DATA_LOSS` at the end if the SHA-256
 * does not match, the size is no database's, or the stream ended early. (clientv3 maintenance.go `SnapshotWithVersion`, which
 * does not verify.)
 */
export interface Snapshot extends AsyncIterable<Buffer> {
  /** The storage version, such as `3.6.0`; empty before the first chunk, and from members older than etcd 3.6. */
  readonly version: string;
  /** The progress; `undefined` before the first chunk. */
  readonly progress: SnapshotProgress | undefined;
  /** The verified SHA-256 of all chunks; `undefined` before the end. */
  readonly digest: Buffer | undefined;
  /**
   * Writes the file that `etcdutl snapshot restore` reads: all chunks, then the digest (client/v3/snapshot `Save`). The file at
   * `path` is complete and synced, or untouched: data go to `<path>.part`, which only its owner can read, and which is renamed
   * at the end or removed. Rejects as the iteration does, and with Node's file system errors.
   */
  saveTo(path: string): Promise<void>;
}

const DIGEST_BYTES = 32;
// bbolt writes whole pages, so a database's size is a multiple of the smallest disk sector.
const SECTOR_BYTES = 512;

/** A snapshot read from the Snapshot RPC (server/etcdserver/api/v3rpc/maintenance.go). */
export class SnapshotStream implements Snapshot {
  version = '';
  progress: SnapshotProgress | undefined;
  digest: Buffer | undefined;
  readonly #pipeline: Pipeline;
  readonly #options: CallOptions;
  readonly #onProgress: SnapshotOptions['onProgress'];
  readonly #openedAt: string | undefined;
  #read = false;

  constructor(pipeline: Pipeline, options: CallOptions, onProgress?: SnapshotOptions['onProgress'], openedAt?: string) {
    this.#openedAt = openedAt;
    this.#pipeline = pipeline;
    this.#onProgress = onProgress;
    this.#options = { ...options, timeoutMs: options.timeoutMs ?? Infinity };
  }

  [Symbol.asyncIterator](): AsyncGenerator<Buffer, void, undefined> {
    if (this.#read) throw secondReader('a snapshot', 'call snapshot again for a second one', methods.snapshot.label);
    this.#read = true;
    return this.#traced();
  }

  async *#traced(): AsyncGenerator<Buffer, void, undefined> {
    try {
      yield* this.#chunks();
    } catch (error) {
      throw failedAt(error, this.#openedAt);
    }
  }

  async *#chunks(): AsyncGenerator<Buffer, void, undefined> {
    const hash = crypto().createHash('sha256');
    // The last bytes so far, which may be the digest. Chunks may be cut anywhere, so that only the end of the stream decides.
    let held: Buffer = Buffer.alloc(0);
    for await (const { blob, remainingBytes, version } of this.#pipeline.stream(methods.snapshot, {}, this.#options)) {
      this.version ||= version;
      this.progress ??= progressOf(0, blob.length + Number(remainingBytes));
      let ready = held;
      if (blob.length >= DIGEST_BYTES) held = blob;
      else [ready, held] = cutDigest(Buffer.concat([held, blob]));
      if (ready.length === 0) continue;
      hash.update(ready);
      yield await this.#deliver(ready);
    }
    const [last, digest] = cutDigest(held);
    this.#verify((this.progress?.bytes ?? 0) + last.length, hash.update(last).digest().equals(digest));
    if (last.length > 0) yield await this.#deliver(last);
    this.digest = digest;
  }

  async saveTo(path: string): Promise<void> {
    await saveSnapshot(this, () => this.digest as Buffer, path);
  }

  async #deliver(chunk: Buffer): Promise<Buffer> {
    const { bytes, totalBytes } = this.progress as SnapshotProgress;
    this.progress = progressOf(bytes + chunk.length, totalBytes);
    await this.#onProgress?.(this.progress);
    return chunk;
  }

  #verify(bytes: number, matches: boolean): void {
    if (matches && bytes > 0 && bytes % SECTOR_BYTES === 0) return;
    const totalBytes = this.progress?.totalBytes ?? 0;
    let reason = 'does not match its SHA-256';
    if (bytes === 0 || bytes < totalBytes) reason = `ended early: ${bytes} of ${totalBytes} bytes came`;
    else if (matches) reason = `has a size that no database has: ${bytes} bytes`;
    throw this.#failure('DATA_LOSS', `the snapshot ${reason}`, 1);
  }

  #failure(code: EtcdErrorCode, message: string, attempts: number): EtcdError {
    const { endpoint } = this.#options;
    const method = methods.snapshot.label;
    return new EtcdError({ code, message, outcome: 'not-applied', method, endpoint, attempts });
  }
}

function cutDigest(bytes: Buffer): [data: Buffer, digest: Buffer] {
  const cut = Math.max(bytes.length - DIGEST_BYTES, 0);
  return [bytes.subarray(0, cut), bytes.subarray(cut)];
}

function progressOf(bytes: number, totalBytes: number): SnapshotProgress {
  return { bytes, totalBytes, remainingBytes: Math.max(totalBytes - bytes, 0) };
}
