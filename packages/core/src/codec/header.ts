import type { ResponseHeader } from '../messages.ts';
import { signed, unsigned, type Reader } from './reader.ts';

/** A response's header (etcdserverpb.ResponseHeader); its bigints are made on access. */
class DecodedHeader implements ResponseHeader {
  // Halves of 64-bit integers, which small integers hold without an allocation each.
  #clusterLow = 0;
  #clusterHigh = 0;
  #memberLow = 0;
  #memberHigh = 0;
  #revisionLow = 0;
  #revisionHigh = 0;
  #termLow = 0;
  #termHigh = 0;

  get clusterId(): bigint {
    return unsigned(this.#clusterLow, this.#clusterHigh);
  }

  get memberId(): bigint {
    return unsigned(this.#memberLow, this.#memberHigh);
  }

  get revision(): bigint {
    return signed(this.#revisionLow, this.#revisionHigh);
  }

  get raftTerm(): bigint {
    return unsigned(this.#termLow, this.#termHigh);
  }

  /** The four ids and revisions as decimal strings, as proto3's JSON has them. */
  toJSON(): Record<keyof ResponseHeader, string> {
    const { clusterId, memberId, revision, raftTerm } = this;
    return {
      clusterId: String(clusterId),
      memberId: String(memberId),
      revision: String(revision),
      raftTerm: String(raftTerm),
    };
  }

  [Symbol.for('nodejs.util.inspect.custom')](): ResponseHeader {
    const { clusterId, memberId, revision, raftTerm } = this;
    return { clusterId, memberId, revision, raftTerm };
  }

  static read(reader: Reader): DecodedHeader {
    const header = new DecodedHeader();
    const outer = reader.enter();
    for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
      switch (tag) {
        case 0x08:
          reader.varint();
          header.#clusterLow = reader.low;
          header.#clusterHigh = reader.high;
          break;
        case 0x10:
          reader.varint();
          header.#memberLow = reader.low;
          header.#memberHigh = reader.high;
          break;
        case 0x18:
          reader.varint();
          header.#revisionLow = reader.low;
          header.#revisionHigh = reader.high;
          break;
        case 0x20:
          reader.varint();
          header.#termLow = reader.low;
          header.#termHigh = reader.high;
          break;
        default:
          reader.skip(tag);
      }
    }
    reader.leave(outer);
    return header;
  }
}

/** Reads a header field whose tag was read. */
export const readHeader: (reader: Reader) => ResponseHeader = DecodedHeader.read;

/** The header of a response that came without one: all zero. */
export const NO_HEADER: ResponseHeader = new DecodedHeader();
