import { assert, suite } from '@etcdts/testing';
import { toBytes } from '../bytes.ts';
import { FRAME_PREFIX } from '../frame.ts';
import type { PutRequest } from '../messages.ts';
import { put } from './kv.ts';
import { message } from './oracle.test.kit.ts';
import { txn } from './txn.ts';

const PUT = message('etcdserverpb.PutRequest');
const SIZE = 100_000;
const source = Buffer.alloc(SIZE, 'v');
const key = Buffer.from('k');

/** What a frame says, as proto-loader reads it. */
function contentOf(frame: Buffer): { readonly key: string; readonly lease: bigint; readonly value: Buffer } {
  assert.is(frame[0], 0);
  assert.is(frame.readUInt32BE(1), frame.length - FRAME_PREFIX);
  const read = PUT.deserialize(frame.subarray(FRAME_PREFIX)) as { key: Buffer; value: Buffer; lease: bigint };
  return { key: read.key.toString(), lease: read.lease, value: read.value };
}

function assertPut(frame: Buffer, expected: PutRequest): void {
  const { key: sent, lease, value } = contentOf(frame);
  assert.is(sent, Buffer.from(expected.key).toString());
  assert.is(lease, expected.lease ?? 0n);
  assert.ok(value.equals(source));
}

const test = suite('codec: large values');

test('are copied once, from the caller: the frame is built around the copy', () => {
  for (const given of [source, Uint8Array.from(source), source.toString()]) {
    const value = toBytes(given, 'value');
    assert.ok(value.equals(source));
    assert.is(value.buffer === source.buffer, false);
    const request = { key, value, lease: 7n, prevKv: true };
    const frame = put.encodeRequest(request);
    assert.is(frame.buffer, value.buffer);
    assertPut(frame, request);
  }
});

test('have one frame around them: further requests with the same value have frames of their own', () => {
  const value = toBytes(source, 'value');
  const requests = ['first', 'the second', 'a third'].map((name, i) => ({
    key: Buffer.from(name),
    value,
    lease: BigInt(i),
  }));
  const frames = requests.map((request) => put.encodeRequest(request));
  assert.is(new Set(frames.map(({ buffer }) => buffer)).size, 3);
  for (const [i, frame] of frames.entries()) assertPut(frame, requests[i] as PutRequest);
  assert.ok(value.equals(source));
});

test('go behind keys of any length', () => {
  for (const length of [1, 3_000, 4_000, 4_096, 5_000, 200_000]) {
    const request = { key: Buffer.alloc(length, 'k'), value: toBytes(source, 'value') };
    assertPut(put.encodeRequest(request), request);
  }
});

test('of a caller are copied into the frame if they do not come from toBytes', () => {
  const value = Buffer.from(source);
  const frame = put.encodeRequest({ key, value });
  assert.is(frame.buffer === value.buffer, false);
  assertPut(frame, { key, value });
});

test('in a transaction are whole, at each place', () => {
  const value = toBytes(source, 'value');
  const op = { type: 'put', request: { key, value } } as const;
  const frame = txn.encodeRequest({ compare: [], success: [op, op], failure: [op] });
  const { success, failure } = message('etcdserverpb.TxnRequest').deserialize(frame.subarray(FRAME_PREFIX)) as {
    success: { requestPut: { value: Buffer } }[];
    failure: { requestPut: { value: Buffer } }[];
  };
  assert.is(success.length + failure.length, 3);
  for (const { requestPut } of [...success, ...failure]) assert.ok(requestPut.value.equals(source));
});

test('stay whole if the request around them is refused, and the next request is written elsewhere', () => {
  const value = toBytes(source, 'value');
  assert.throws(() => put.encodeRequest({ key, value, lease: 2n ** 64n }), /INVALID_ARGUMENT/);
  const frame = put.encodeRequest({ key: Buffer.from('next'), value: Buffer.alloc(10) });
  assert.ok(value.equals(source));
  assert.is(contentOf(frame).key, 'next');
  assert.is(frame.buffer === value.buffer, false);
});

test.run();
