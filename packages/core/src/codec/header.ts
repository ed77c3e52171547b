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

/** Reads a header field whose tag was read. */
export function readHeader(reader: Reader): ResponseHeader {
  let clusterId = 0n;
  let memberId = 0n;
  let revision = 0n;
  let raftTerm = 0n;
  const outer = reader.enter();
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === 0x08) clusterId = reader.uint64();
    else if (tag === 0x10) memberId = reader.uint64();
    else if (tag === 0x18) revision = reader.int64();
    else if (tag === 0x20) raftTerm = reader.uint64();
    else reader.skip(tag);
  }
  reader.leave(outer);
  return new PlainHeader(clusterId, memberId, revision, raftTerm);
}

/** Makes a header of these fields. */
export function header({ clusterId, memberId, revision, raftTerm }: ResponseHeader): ResponseHeader {
  return new PlainHeader(clusterId, memberId, revision, raftTerm);
}

/** The header of a response that has none: all zero. It is frozen because all such responses share it. */
export const NO_HEADER: ResponseHeader = Object.freeze(new PlainHeader(0n, 0n, 0n, 0n));
