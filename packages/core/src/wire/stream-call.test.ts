import { assert, rejects, settle, suite } from '@etcdts/testing';
import type { CallOptions, ClientStream } from '../call.ts';
import { methods } from '../methods.ts';
import type { WatchRequest, WatchResponseMessage } from '../messages.ts';
import { FakeTransport, type FakeConnection } from '../transport/fakes.test.kit.ts';
import { foldPipeline } from '../pipeline/fold.ts';
import type { WireParts } from './wire-parts.ts';
import { wireParts } from './wire-parts.test.kit.ts';

const test = suite('streams on the wire');

const MESSAGE = Buffer.from([0x0a, 0x00, 0x10, 0x07]);
const PROGRESS: WatchRequest = { type: 'progress' } as WatchRequest;

interface Bed {
  readonly transport: FakeTransport;
  readonly parts: WireParts;
  readonly stream: ClientStream<WatchRequest, WatchResponseMessage>;
  readonly connection: FakeConnection;
}

function open(options: CallOptions = {}, maxSendBytes = 1_000): Bed {
  const transport = new FakeTransport();
  const parts = wireParts(transport, ['a:1'], maxSendBytes);
  const stream = foldPipeline([], parts).stream(methods.watch, undefined as never, options) as Bed['stream'];
  return { transport, parts, stream, connection: transport.to('a:1') };
}

function ready(options?: CallOptions): Bed {
  const bed = open(options);
  bed.connection.ready();
  return bed;
}

function assertClean({ parts, connection }: Bed): void {
  assert.is(parts.underWay.size, 0);
  assert.is(parts.picker.slots[0]?.residents.size, 0);
  assert.ok(connection.calls.every(({ cancelled, ended }) => cancelled || ended));
}

/** Reads to the end, and says how it ended. */
function read(stream: Bed['stream']): { readonly seen: number[]; readonly end: Promise<unknown> } {
  const seen: number[] = [];
  const end = stream
    .forEach(({ watchId }) => void seen.push(watchId))
    .then(
      () => 'well',
      (reason: unknown) => reason,
    );
  return { seen, end };
}

test('what is sent before the connection stands goes out first, in order', () => {
  const { stream, connection } = open();
  stream.send(PROGRESS);
  stream.send(PROGRESS);
  stream.end();
  connection.ready();
  assert.is(connection.call.sent.length, 2);
  assert.is(connection.call.halfClosed, 1);
  stream.send(PROGRESS);
  stream.end();
  assert.is(connection.call.sent.length, 2);
  assert.is(connection.call.halfClosed, 1);
});

test('one message at a time is requested', async () => {
  const { stream, connection } = ready();
  assert.is(connection.call.reads, 0);
  const iterator = stream[Symbol.asyncIterator]();
  const next = iterator.next();
  assert.is(connection.call.reads, 1);
  connection.call.message(MESSAGE);
  assert.is((await next).value?.watchId, 7);
  assert.is(connection.call.reads, 0);
});

test('forEach takes messages as they come, and resolves when the server ends the stream well', async () => {
  const bed = ready();
  const { seen, end } = read(bed.stream);
  bed.connection.call.message(MESSAGE);
  bed.connection.call.message(MESSAGE);
  bed.connection.call.end();
  assert.is(await end, 'well');
  assert.equal(seen, [7, 7]);
  assertClean(bed);
});

test('what was requested before the connection stands is requested then', () => {
  const { stream, connection } = open();
  void stream.forEach(() => {});
  connection.ready();
  assert.is(connection.call.reads, 1);
});

test('a bad status ends the reading with its error', async () => {
  const bed = ready();
  const { end } = read(bed.stream);
  bed.connection.call.end(14, 'etcdserver: no leader');
  await rejects(Promise.reject(await end), { code: 'NO_LEADER', method: 'Watch.Watch', endpoint: 'a:1' });
  assertClean(bed);
});

test('a message that cannot be decoded ends the stream, and cancels it', async () => {
  const bed = ready();
  const { end } = read(bed.stream);
  bed.connection.call.message(Buffer.from([0xff]));
  await rejects(Promise.reject(await end), { code: 'INTERNAL', message: /cannot be decoded/ });
  assert.ok(bed.connection.call.cancelled);
  assertClean(bed);
});

test('a malformed key value ends the stream, with its method and endpoint', async () => {
  const bed = ready();
  const { end } = read(bed.stream);
  bed.connection.call.message(Buffer.from([0x5a, 4, 0x12, 2, 0x0a, 9]));
  await rejects(Promise.reject(await end), { code: 'INTERNAL', method: 'Watch.Watch', endpoint: 'a:1' });
});

test('a reader that throws gets its own error, and the stream is cancelled', async () => {
  const bed = ready();
  const error = new Error('mine');
  const reading = bed.stream.forEach(() => {
    throw error;
  });
  bed.connection.call.message(MESSAGE);
  assert.is(await rejects(reading), error);
  assert.ok(bed.connection.call.cancelled);
  assertClean(bed);
});

test('leaving an iteration cancels the stream', async () => {
  const bed = ready();
  const iterator = bed.stream[Symbol.asyncIterator]();
  const next = iterator.next();
  await iterator.return?.();
  assert.is((await next).done, true);
  assert.ok(bed.connection.call.cancelled);
  assertClean(bed);
});

test('cancel ends the reading: with a reason by it, without one quietly; before and after connecting', async () => {
  for (const bed of [open(), ready()]) {
    const reason = new Error('enough');
    const { end } = read(bed.stream);
    bed.stream.cancel(reason);
    bed.stream.cancel(new Error('too late'));
    assert.is(await end, reason);
    if (bed.connection.state === 'connecting') bed.connection.ready();
    assertClean(bed);
    bed.stream.send(PROGRESS);
  }
  const quiet = ready();
  const { end } = read(quiet.stream);
  quiet.stream.cancel();
  assert.is(await end, 'well');
});

test("an abort ends the reading with the signal's own reason, in every phase", async () => {
  const reason = { any: 'thing' };
  const early = open({ signal: AbortSignal.timeout(1e6) });
  early.stream.cancel();
  const controller = new AbortController();
  const bed = ready({ signal: controller.signal });
  const { end } = read(bed.stream);
  controller.abort(reason);
  assert.is(await end, reason);
  assertClean(bed);
  const { transport } = bed;
  const aborted = foldPipeline([], bed.parts).stream(methods.watch, undefined as never, { signal: controller.signal });
  assert.is(await rejects(aborted.forEach(() => {})), reason);
  assert.is(transport.connections.length, 1);
});

test('a stream has no deadline without an option', async () => {
  const bed = ready({ timeoutMs: 100 });
  const { end } = read(bed.stream);
  await bed.transport.clock.advance(110);
  await rejects(Promise.reject(await end), { code: 'DEADLINE_EXCEEDED' });
  assertClean(bed);
  const lasting = ready();
  await lasting.transport.clock.advance(1e7);
  assert.is(lasting.parts.underWay.size, 1);
});

test('an unreachable endpoint ends the stream, whether or not anybody reads', async () => {
  const bed = open();
  bed.connection.lose('refused');
  await settle();
  await rejects(
    bed.stream.forEach(() => {}),
    { code: 'UNAVAILABLE', method: 'Watch.Watch' },
  );
  assertClean(bed);
});

test('a stream moves when its endpoint is removed', async () => {
  const bed = ready();
  const { end } = read(bed.stream);
  bed.parts.picker.setEndpoints(['b:1']);
  await rejects(Promise.reject(await end), { code: 'UNAVAILABLE', message: /the endpoint was removed/ });
  assert.ok(bed.connection.call.cancelled);
});

test('a message over maxSendBytes ends the stream, and nothing is sent after it', async () => {
  const bed = open({}, 1);
  for (let i = 0; i < 3; i++) bed.stream.send(PROGRESS);
  bed.stream.end();
  bed.connection.ready();
  await rejects(
    bed.stream.forEach(() => {}),
    { code: 'REQUEST_TOO_LARGE' },
  );
  assert.is(bed.connection.call.sent.length, 0);
  assert.is(bed.connection.call.halfClosed, 0);
  assertClean(bed);
});

test('close ends the stream with CLIENT_CLOSED, and none begins afterwards', async () => {
  const bed = ready();
  const { end } = read(bed.stream);
  for (const one of [...bed.parts.underWay]) one.closeNow();
  await rejects(Promise.reject(await end), { code: 'CLIENT_CLOSED' });
  assertClean(bed);
  bed.parts.closed = true;
  const late = foldPipeline([], bed.parts).stream(methods.watch, undefined as never, {});
  await rejects(
    late.forEach(() => {}),
    { code: 'CLIENT_CLOSED' },
  );
});

test('a server stream sends its request and half-closes', () => {
  const bed = ready();
  bed.stream.cancel();
  const request = { key: Buffer.from('k'), rangeEnd: Buffer.alloc(0) };
  foldPipeline([], bed.parts).stream(methods.rangeStream, request as never, {});
  assert.is(bed.connection.call.path, '/etcdserverpb.KV/RangeStream');
  assert.equal(bed.connection.call.sent, [Buffer.from([0x0a, 1, 0x6b])]);
  assert.is(bed.connection.call.halfClosed, 1);
});

test.run();
