// Response headers in grpc-go's form: literal in a connection's first answer, one byte each after that (RFC 7541).

const STATUS_200 = 0x88;
const CONTENT_TYPE = 31;
const FIRST_DYNAMIC = 62;
const INCREMENTAL = 0x40;
const INDEXED = 0x80;

function literal(name: number | string, value: string): Buffer {
  const named =
    typeof name === 'number' ? [INCREMENTAL | name] : [INCREMENTAL, name.length, ...Buffer.from(name, 'latin1')];
  return Buffer.from([...named, value.length, ...Buffer.from(value, 'latin1')]);
}

/** The header blocks of one connection. Blocks must be sent in the order in which they were made. */
export class HeaderBlocks {
  private contentTypeKnown = false;
  private statusKnown = false;

  /** Whether both blocks are one-byte references from now on. */
  get settled(): boolean {
    return this.contentTypeKnown && this.statusKnown;
  }

  /** `:status: 200`, `content-type: application/grpc`. */
  headers(): Buffer {
    if (this.contentTypeKnown) {
      return Buffer.from([STATUS_200, INDEXED | (FIRST_DYNAMIC + (this.statusKnown ? 1 : 0))]);
    }
    this.contentTypeKnown = true;
    return Buffer.from([STATUS_200, ...literal(CONTENT_TYPE, 'application/grpc')]);
  }

  /** `grpc-status: 0`. */
  trailers(): Buffer {
    if (this.statusKnown) return Buffer.from([INDEXED | FIRST_DYNAMIC]);
    this.statusKnown = true;
    return literal('grpc-status', '0');
  }
}
