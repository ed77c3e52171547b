import type { Metadata } from '@etcdts/core';
import { authorityOf, type Endpoint } from '@etcdts/core/plugin';
import type { Encoder } from '@etcdts/framing';
import { requestFields, type RequestField } from './request-fields.ts';
import { VERSION } from './version.ts';

/** What each field adds to the size of a list (RFC 9113, 6.5.2). */
const FIELD_OVERHEAD = 32;

/** The header fields of the calls with one metadata object, and their blocks by path. */
export interface RequestHead {
  readonly fields: readonly RequestField[];
  /** The size of the list, without the path. */
  readonly size: number;
  readonly blocks: Map<string, Buffer>;
  /** The version of the encoder for which the blocks are right. */
  version: number;
}

/**
 * The header blocks of the requests on one connection. Nearly all calls carry the same metadata object and one of a few paths, so that a
 * block is mostly made once, and is then one byte a field.
 */
export class RequestHeads {
  readonly #encoder: Encoder;
  readonly #first: readonly RequestField[];
  readonly #last: readonly RequestField[];
  readonly #heads: WeakMap<Metadata, RequestHead> = new WeakMap();
  #lastMetadata: Metadata | undefined;
  #lastHead: RequestHead | undefined;

  constructor(encoder: Encoder, endpoint: Endpoint) {
    this.#encoder = encoder;
    this.#first = [
      [':method', 'POST'],
      [':scheme', endpoint.secure ? 'https' : 'http'],
    ];
    this.#last = [
      [':authority', authorityOf(endpoint)],
      ['te', 'trailers'],
      ['content-type', 'application/grpc'],
      ['user-agent', `etcdts/${VERSION}`],
    ];
  }

  /** The head of a metadata object. Throws `INVALID_ARGUMENT` for what HTTP/2 cannot carry. */
  of(metadata: Metadata): RequestHead {
    if (metadata === this.#lastMetadata) return this.#lastHead as RequestHead;
    let head = this.#heads.get(metadata);
    if (head === undefined) {
      const fields = [...this.#last, ...requestFields(metadata)];
      const size = [...this.#first, ...fields].reduce((sum, [name, value]) => sum + fieldSize(name, value), 0);
      head = { fields, size, blocks: new Map(), version: -1 };
      this.#heads.set(metadata, head);
    }
    this.#lastMetadata = metadata;
    this.#lastHead = head;
    return head;
  }

  /** The block of a call, which must be sent now: it may add to the table of the peer. */
  block(head: RequestHead, path: string): Buffer {
    const { version } = this.#encoder;
    if (head.version !== version) {
      head.blocks.clear();
      head.version = version;
    }
    const known = head.blocks.get(path);
    if (known !== undefined) return known;
    const block = this.#encoder.encode([...this.#first, [':path', path], ...head.fields]);
    if (this.#encoder.version === version) head.blocks.set(path, block);
    return block;
  }

  /** The size of a call's list of fields, by the measure of RFC 9113, 6.5.2. */
  size(head: RequestHead, path: string): number {
    return head.size + fieldSize(':path', path);
  }
}

function fieldSize(name: string, value: string): number {
  return name.length + value.length + FIELD_OVERHEAD;
}
