// etcd's checksum of its history (mvcc/hash.go), over the same bytes, so that it is that of a real etcd with the same history.
import type { KeyValue } from '../messages.ts';
import { Crc32c } from './crc32c.ts';
import type { Change } from './key-history.ts';

/** A checksum of the history up to a revision. */
export interface KvHash {
  readonly hash: number;
  /** The revision of the checksum. */
  readonly revision: number;
  /** The compaction before it; -1 if there was none. Of what is older than that, only what it left counts. */
  readonly compactRevision: number;
}

/** Computes the checksum of changes in their order. `kept` has those that a compaction at the revision would leave. */
export function hashOf(
  changes: Iterable<Change>,
  revision: number,
  compactRevision: number,
  kept: ReadonlySet<Change>,
): KvHash {
  const sum = new Crc32c();
  sum.bytes(BUCKET);
  for (const change of changes) {
    const { main, deleted } = change;
    if (main > revision) break;
    if (main <= compactRevision && kept.size > 0 && !kept.has(change)) continue;
    // Releases before 3.5.16 drop this delete when they compact.
    if (main === compactRevision && deleted) continue;
    addChange(sum, change);
  }
  return { hash: sum.value, revision, compactRevision };
}

/** Adds a change as etcd stores it: its revision is the key, a message mvccpb.KeyValue the value. */
export function addChange(sum: Crc32c, { main, sub, kv, deleted }: Change): void {
  sum.uint64(main);
  sum.byte(UNDERSCORE);
  sum.uint64(sub);
  if (deleted) sum.byte(TOMBSTONE);
  addBytes(sum, KEY, kv.key);
  if (!deleted) addRest(sum, kv);
}

function addRest(sum: Crc32c, { createRevision, modRevision, version, value, lease }: KeyValue): void {
  for (const [tag, number] of [
    [CREATE_REVISION, createRevision],
    [MOD_REVISION, modRevision],
    [VERSION, version],
  ] as const) {
    sum.byte(tag);
    sum.varint(number);
  }
  if (value.length > 0) addBytes(sum, VALUE, value);
  if (lease === 0n) return;
  sum.byte(LEASE);
  sum.int64(lease);
}

function addBytes(sum: Crc32c, tag: number, bytes: Buffer): void {
  sum.byte(tag);
  sum.varint(bytes.length);
  sum.bytes(bytes);
}

const BUCKET = Buffer.from('key');
const UNDERSCORE = 0x5f;
const TOMBSTONE = 0x74;
// A tag has the number of the field, and in its lowest three bits whether a number or bytes follow.
const [KEY, CREATE_REVISION, MOD_REVISION, VERSION, VALUE, LEASE] = [0x0a, 0x10, 0x18, 0x20, 0x2a, 0x30];
/** How many checksums of compactions etcd remembers. */
const REMEMBERED = 10;

/** The checksums that compactions have taken of their revisions, before they dropped what is older. */
export class KvHashes {
  #hashes: KvHash[] = [];

  get(revision: number): KvHash | undefined {
    return this.#hashes.find((one) => one.revision === revision);
  }

  add(hash: KvHash): void {
    this.#hashes = [...this.#hashes, hash].slice(-REMEMBERED);
  }
}
