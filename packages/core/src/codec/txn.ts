import { invalidArgument } from '../errors.ts';
import type * as m from '../messages.ts';
import type { Codec } from './codec.ts';
import { NO_HEADER, readHeader } from './header.ts';
import { hotCodec } from './hot-codec.ts';
import {
  readDeleteRangeResponse,
  readPutResponse,
  readRangeResponse,
  writeDeleteRangeRequest,
  writePutRequest,
  writeRangeRequest,
} from './kv.ts';
import type { Reader } from './reader.ts';
import type { Writer } from './writer.ts';

/** How deep transactions may nest in each other. etcd's own limit is far lower. */
const MAX_DEPTH = 100;

const RESULTS: readonly m.CompareResult[] = ['=', '>', '<', '!='];
const TARGETS: readonly m.CompareTarget[] = ['version', 'createRevision', 'modRevision', 'value', 'lease'];

/** The tag of the operand's oneof field, by target. */
const OPERAND_TAGS: Readonly<Record<Exclude<m.CompareTarget, 'value'>, number>> = {
  version: 0x20,
  createRevision: 0x28,
  modRevision: 0x30,
  lease: 0x40,
};

function writeCompare(w: Writer, compare: m.Compare): void {
  const { target, operand } = compare;
  w.bytes(0x202, compare.rangeEnd);
  if (target === 'value') {
    if (typeof operand === 'bigint') throw invalidArgument('compare', 'of a value needs bytes, not a bigint');
    w.presentBytes(0x3a, operand);
  } else {
    if (typeof operand !== 'bigint') throw invalidArgument('compare', `of a ${target} needs a bigint`);
    w.presentInt64(OPERAND_TAGS[target], operand);
  }
  w.bytes(0x1a, compare.key);
  w.word(0x10, TARGETS, target, 'compare target');
  w.word(0x08, RESULTS, compare.result, 'compare result');
}

function writeOp(w: Writer, op: m.Op, depth: number): void {
  const mark = w.mark();
  switch (op.type) {
    case 'get':
      writeRangeRequest(w, op.request);
      w.message(0x0a, mark);
      return;
    case 'put':
      writePutRequest(w, op.request);
      w.message(0x12, mark);
      return;
    case 'delete':
      writeDeleteRangeRequest(w, op.request);
      w.message(0x1a, mark);
      return;
    case 'txn':
      writeTxn(w, op.request, depth + 1);
      w.message(0x22, mark);
      return;
    default:
      throw invalidArgument('op', 'is neither get, put, delete nor txn');
  }
}

function writeOps(w: Writer, tag: number, ops: readonly m.Op[], depth: number): void {
  for (let i = ops.length - 1; i >= 0; i--) {
    const mark = w.mark();
    writeOp(w, ops[i] as m.Op, depth);
    w.message(tag, mark);
  }
}

function writeTxn(w: Writer, request: m.TxnRequest, depth: number): void {
  if (depth > MAX_DEPTH) throw invalidArgument('txn', `nests more than ${MAX_DEPTH} transactions in each other`);
  writeOps(w, 0x1a, request.failure, depth);
  writeOps(w, 0x12, request.success, depth);
  for (let i = request.compare.length - 1; i >= 0; i--) {
    const mark = w.mark();
    writeCompare(w, request.compare[i] as m.Compare);
    w.message(0x0a, mark);
  }
}

function readResponseOp(r: Reader, depth: number): m.ResponseOp {
  let op: m.ResponseOp | undefined;
  const outer = r.enter();
  for (let tag = r.tag(); tag !== 0; tag = r.tag()) {
    if (tag !== 0x0a && tag !== 0x12 && tag !== 0x1a && tag !== 0x22) {
      r.skip(tag);
      continue;
    }
    const opEnd = r.enter();
    if (tag === 0x0a) op = { type: 'get', response: readRangeResponse(r) };
    else if (tag === 0x12) op = { type: 'put', response: readPutResponse(r) };
    else if (tag === 0x1a) op = { type: 'delete', response: readDeleteRangeResponse(r) };
    else op = { type: 'txn', response: readTxnResponse(r, depth + 1) };
    r.leave(opEnd);
  }
  r.leave(outer);
  if (op === undefined) throw r.malformed('a ResponseOp holds no response of a known kind');
  return op;
}

function readTxnResponse(r: Reader, depth: number): m.TxnResponseMessage {
  if (depth > MAX_DEPTH) throw r.malformed(`it nests more than ${MAX_DEPTH} transactions in each other`);
  let header = NO_HEADER;
  let succeeded = false;
  const responses: m.ResponseOp[] = [];
  for (let tag = r.tag(); tag !== 0; tag = r.tag()) {
    if (tag === 0x0a) header = readHeader(r);
    else if (tag === 0x10) succeeded = r.bool();
    else if (tag === 0x1a) responses.push(readResponseOp(r, depth));
    else r.skip(tag);
  }
  return { header, succeeded, responses };
}

export const txn: Codec<m.TxnRequest, m.TxnResponseMessage> = hotCodec(
  (w, request) => writeTxn(w, request, 1),
  'TxnResponse',
  (r) => readTxnResponse(r, 1),
);
