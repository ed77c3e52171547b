import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { assert, eventually, suite } from '@etcdts/testing';
import type { KeyValue } from '../messages.ts';
import { range, rangeStream } from './kv.ts';
import { giveBack, messageBuffer } from './message-stores.ts';
import { message } from './oracle.test.kit.ts';

const RANGE = message('etcdserverpb.RangeResponse');

/** A message of `count` keys with values of `size` bytes, in a Buffer of `messageBuffer`. */
function lent(count: number, size: number, name: string): Buffer {
  const kvs = Array.from({ length: count }, (_, i) => ({
    key: Buffer.from(`${name}/${i}`),
    value: Buffer.alloc(size, `${name}${i}.`),
  }));
  const wire = RANGE.serialize({ kvs });
  const buffer = messageBuffer(wire.length);
  wire.copy(buffer);
  return buffer;
}

function assertKvs(kvs: readonly KeyValue[], count: number, size: number, name: string): void {
  assert.is(kvs.length, count);
  for (const [i, { key, value }] of kvs.entries()) {
    assert.is(key.toString(), `${name}/${i}`);
    assert.ok(value.equals(Buffer.alloc(size, `${name}${i}.`)), `value ${i} of ${name}`);
  }
}

const test = suite('codec: stores of messages');

test('the store of a large message that was read is that of the next one, whatever is kept of the first', () => {
  const first = lent(2_000, 200, 'first');
  const kept = range.decodeResponse(first).kvs;
  const second = lent(1_500, 200, 'other');
  assert.is(second.buffer, first.buffer);
  assertKvs(range.decodeResponse(second).kvs, 1_500, 200, 'other');
  assertKvs(kept, 2_000, 200, 'first');
});

test('messages that are under way at once have stores of their own', () => {
  const messages = Array.from({ length: 40 }, (_, i) => lent(500, 300, `m${i}`));
  assert.is(new Set(messages.map(({ buffer }) => buffer)).size, 40);
  const read = messages.map((one) => range.decodeResponse(one).kvs);
  for (const [i, kvs] of read.entries()) assertKvs(kvs, 500, 300, `m${i}`);
});

test('a message of which a value is a view keeps its store', () => {
  const first = lent(1, 300_000, 'large');
  const [kept] = range.decodeResponse(first).kvs;
  assert.is(kept?.value.buffer, first.buffer, 'a view');
  const second = lent(1, 300_000, 'other');
  assert.is.not(second.buffer, first.buffer);
  assertKvs([kept as KeyValue], 1, 300_000, 'large');
  const third = lent(1_500, 200, 'third');
  range.decodeResponse(third);
  assert.is(lent(1_500, 200, 'fourth').buffer, third.buffer, 'one without views is given back again');
});

test('a message that is cut off, or that nobody reads, does no harm', () => {
  const whole = lent(1_000, 200, 'whole');
  const kept = range.decodeResponse(lent(1_000, 200, 'kept')).kvs;
  assert.throws(() => range.decodeResponse(whole.subarray(0, -10)));
  assert.throws(() => rangeStream.decodeResponse(lent(1_000, 200, 'other').subarray(0, -1)));
  messageBuffer(200_000);
  const next = lent(1_000, 200, 'next');
  assertKvs(range.decodeResponse(next).kvs, 1_000, 200, 'next');
  assertKvs(kept, 1_000, 200, 'kept');
});

test('what was given back once, or was made elsewhere, is not used for two messages', () => {
  const one = messageBuffer(900_000);
  giveBack(one);
  giveBack(one);
  const [second, third] = [messageBuffer(900_000), messageBuffer(900_000)];
  assert.is(second.buffer, one.buffer);
  assert.is.not(third.buffer, one.buffer);
  const foreign = Buffer.alloc(2_000_000);
  giveBack(foreign);
  assert.is.not(messageBuffer(2_000_000).buffer, foreign.buffer);
});

test('a store that is much larger than a message waits for a larger one', () => {
  const large = messageBuffer(7_000_000);
  giveBack(large);
  assert.is.not(messageBuffer(1_000_000).buffer, large.buffer);
  assert.is(messageBuffer(6_000_000).buffer, large.buffer);
});

test('of many stores, the last ones wait for a message', () => {
  const made = Array.from({ length: 30 }, () => messageBuffer(3_000_000));
  for (const one of made) giveBack(one);
  const given = new Set(made.slice(-16).map(({ buffer }) => buffer));
  const again = Array.from({ length: 30 }, () => messageBuffer(3_000_000).buffer);
  assert.is(again.filter((store) => given.has(store)).length, 16);
  assert.is(again.filter((store) => made.some(({ buffer }) => buffer === store)).length, 16);
});

test('small messages are ordinary Buffers', () => {
  const small = messageBuffer(1_000);
  giveBack(small);
  assert.is(small.length, 1_000);
  assert.is(small.buffer.byteLength, Buffer.allocUnsafe(1_000).buffer.byteLength, 'the pool of Node');
});

test('a collection of all garbage takes the stores that are free', async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const before = process.memoryUsage().arrayBuffers;
  for (let i = 1; i <= 4; i++) giveBack(messageBuffer(i * 10_000_000));
  await eventually(() => {
    collect();
    return process.memoryUsage().arrayBuffers - before < 10_000_000;
  });
});

test.run();
