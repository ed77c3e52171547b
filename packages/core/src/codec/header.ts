import type { ResponseHeader } from '../messages.ts';
import { PlainMessage, passForLiterals } from './plain-message.ts';
import type { Reader } from './reader.ts';

/** A response's header (etcdserverpb.ResponseHeader). */
class PlainHeader extends PlainMessage implements ResponseHeader {
  static {
    passForLiterals(this);
  }

  readonly clusterId: bigint;
  readonly memberId: bigint;
  readonly revision: bigint;
  readonly raftTerm: bigint;

  constructor(clusterId: bigint, memberId: bigint, revision: bigint, raftTerm: bigint) {
    super();
    this.clusterId = clusterId;
    this.memberId = memberId;
    this.revision = revision;
    this.raftTerm = raftTerm;
  }
}

/** The bytes of two ids at the start of a header, and the ids. */
interface Ids {
  readonly bytes: Buffer;
  readonly clusterId: bigint;
  readonly memberId: bigint;
}

/** How many members' ids are kept. It is a power of two. */
const SLOTS = 8;
/** A place in a header at which the ids of members differ: in the middle of the second id. */
const TELLING = 15;
const EMPTY: Buffer = Buffer.alloc(0);
const NO_IDS: Ids = { bytes: EMPTY, clusterId: 0n, memberId: 0n };

/** The ids of the headers that came last. All headers of one member begin with the same twenty bytes. */
const recent: Ids[] = Array.from({ length: SLOTS }, () => NO_IDS);

/** Reads a header field whose tag was read. */
export function readHeader(reader: Reader): ResponseHeader {
  const outer = reader.enter();
  let { clusterId, memberId } = readIds(reader);
  let revision = 0n;
  let raftTerm = 0n;
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === 0x18) revision = reader.int64();
    else if (tag === 0x20) raftTerm = reader.uint64();
    else if (tag === 0x08) clusterId = reader.uint64();
    else if (tag === 0x10) memberId = reader.uint64();
    else reader.skip(tag);
  }
  reader.leave(outer);
  return new PlainHeader(clusterId, memberId, revision, raftTerm);
}

/** Reads the two ids at the start of a header, if both are there. */
function readIds(reader: Reader): Ids {
  const { bytes, pos: start, end } = reader;
  if (end - start <= TELLING) return NO_IDS;
  const slot = (bytes[start + TELLING] as number) & (SLOTS - 1);
  const known = recent[slot] as Ids;
  const { length } = known.bytes;
  let same = 0;
  while (same < length && bytes[start + same] === known.bytes[same]) same++;
  if (length > 0 && same === length && length <= end - start) {
    reader.pos = start + length;
    return known;
  }
  if (bytes[start] !== 0x08) return NO_IDS;
  reader.pos = start + 1;
  const clusterId = reader.uint64();
  if (reader.tag() !== 0x10) {
    reader.pos = start;
    return NO_IDS;
  }
  const memberId = reader.uint64();
  const ids = { bytes: Buffer.from(bytes.subarray(start, reader.pos)), clusterId, memberId };
  recent[slot] = ids;
  return ids;
}

/** Makes a header of these fields. */
export function header({ clusterId, memberId, revision, raftTerm }: ResponseHeader): ResponseHeader {
  return new PlainHeader(clusterId, memberId, revision, raftTerm);
}

/** The header of a response that has none: all zero. It is frozen because all such responses share it. */
export const NO_HEADER: ResponseHeader = Object.freeze(new PlainHeader(0n, 0n, 0n, 0n));
