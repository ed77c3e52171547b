import type * as m from '../messages.ts';
import type { Codec } from './codec.ts';
import { NO_HEADER, readHeader } from './header.ts';
import { hotCodec } from './hot-codec.ts';
import { readKeyValue } from './key-value.ts';
import type { Reader } from './reader.ts';
import type { Writer } from './writer.ts';

const SORT_ORDERS: readonly m.SortOrder[] = ['none', 'ascend', 'descend'];
const SORT_TARGETS: readonly m.SortTarget[] = ['key', 'version', 'createRevision', 'modRevision', 'value'];

/** Writes a RangeRequest's fields. */
export function writeRangeRequest(w: Writer, request: m.RangeRequest): void {
  const target = request.sortTarget ?? 'key';
  // etcd's store is already in ascending key order. As in clientv3 (op.go), the request leaves out a sort that changes nothing.
  const order = target === 'key' && request.sortOrder === 'ascend' ? 'none' : request.sortOrder;
  w.int64(0x68, request.maxCreateRevision);
  w.int64(0x60, request.minCreateRevision);
  w.int64(0x58, request.maxModRevision);
  w.int64(0x50, request.minModRevision);
  w.bool(0x48, request.countOnly);
  w.bool(0x40, request.keysOnly);
  w.bool(0x38, request.serializable);
  w.word(0x30, SORT_TARGETS, target, 'sortTarget');
  w.word(0x28, SORT_ORDERS, order, 'sortOrder');
  w.int64(0x20, request.revision);
  w.int64(0x18, request.limit);
  w.bytes(0x12, request.rangeEnd);
  w.bytes(0x0a, request.key);
}

/** Writes a PutRequest's fields. */
export function writePutRequest(w: Writer, request: m.PutRequest): void {
  // protobuf allows any order of fields.
  const around = w.around(0x12, request.value);
  w.bool(0x30, request.ignoreLease);
  w.bool(0x28, request.ignoreValue);
  w.bool(0x20, request.prevKv);
  w.int64(0x18, request.lease);
  if (!around) w.bytes(0x12, request.value);
  w.bytes(0x0a, request.key);
}

/** Writes a DeleteRangeRequest's fields. */
export function writeDeleteRangeRequest(w: Writer, request: m.DeleteRangeRequest): void {
  w.bool(0x18, request.prevKv);
  w.bytes(0x12, request.rangeEnd);
  w.bytes(0x0a, request.key);
}

function writeCompactionRequest(w: Writer, request: m.CompactionRequest): void {
  w.bool(0x10, request.physical);
  w.int64(0x08, request.revision);
}

/** Reads a RangeResponse to the reader's end. */
export function readRangeResponse(r: Reader): m.RangeResponse {
  let header = NO_HEADER;
  let kvs: m.KeyValue[] | undefined;
  let more = false;
  let count = 0;
  for (let tag = r.tag(); tag !== 0; tag = r.tag()) {
    switch (tag) {
      case 0x0a:
        header = readHeader(r);
        break;
      case 0x12:
        // A push to an empty array makes room for 17 items, and most responses have one key.
        if (kvs === undefined) kvs = [readKeyValue(r)];
        else kvs.push(readKeyValue(r));
        break;
      case 0x18:
        more = r.bool();
        break;
      case 0x20:
        count = r.number();
        break;
      default:
        r.skip(tag);
    }
  }
  return { header, kvs: kvs ?? [], more, count };
}

/** Reads a PutResponse to the reader's end. */
export function readPutResponse(r: Reader): m.PutResponse {
  let header = NO_HEADER;
  let prevKv: m.KeyValue | undefined;
  for (let tag = r.tag(); tag !== 0; tag = r.tag()) {
    if (tag === 0x0a) header = readHeader(r);
    else if (tag === 0x12) prevKv = readKeyValue(r);
    else r.skip(tag);
  }
  return prevKv === undefined ? { header } : { header, prevKv };
}

/** Reads a DeleteRangeResponse to the reader's end. */
export function readDeleteRangeResponse(r: Reader): m.DeleteRangeResponse {
  let header = NO_HEADER;
  let deleted = 0;
  const prevKvs: m.KeyValue[] = [];
  for (let tag = r.tag(); tag !== 0; tag = r.tag()) {
    if (tag === 0x0a) header = readHeader(r);
    else if (tag === 0x10) deleted = r.number();
    else if (tag === 0x1a) prevKvs.push(readKeyValue(r));
    else r.skip(tag);
  }
  return { header, deleted, prevKvs };
}

function readRangeStreamResponse(r: Reader): m.RangeStreamResponse {
  let rangeResponse: m.RangeResponse = { header: NO_HEADER, kvs: [], more: false, count: 0 };
  for (let tag = r.tag(); tag !== 0; tag = r.tag()) {
    if (tag === 0x0a) {
      const outer = r.enter();
      rangeResponse = readRangeResponse(r);
      r.leave(outer);
    } else r.skip(tag);
  }
  return { rangeResponse };
}

/** Reads a response to the reader's end and returns only its header. */
export function readHeaderResponse(r: Reader): { readonly header: m.ResponseHeader } {
  let header = NO_HEADER;
  for (let tag = r.tag(); tag !== 0; tag = r.tag()) {
    if (tag === 0x0a) header = readHeader(r);
    else r.skip(tag);
  }
  return { header };
}

export const range: Codec<m.RangeRequest, m.RangeResponse> = hotCodec(
  writeRangeRequest,
  'RangeResponse',
  readRangeResponse,
);
export const rangeStream: Codec<m.RangeRequest, m.RangeStreamResponse> = hotCodec(
  writeRangeRequest,
  'RangeStreamResponse',
  readRangeStreamResponse,
);
export const put: Codec<m.PutRequest, m.PutResponse> = hotCodec(writePutRequest, 'PutResponse', readPutResponse);
export const deleteRange: Codec<m.DeleteRangeRequest, m.DeleteRangeResponse> = hotCodec(
  writeDeleteRangeRequest,
  'DeleteRangeResponse',
  readDeleteRangeResponse,
);
export const compact: Codec<m.CompactionRequest, m.CompactionResponse> = hotCodec(
  writeCompactionRequest,
  'CompactionResponse',
  readHeaderResponse,
);
