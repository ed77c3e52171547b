import { assert, rejects, settle, suite } from '@etcdts/testing';
import type { CallOptions } from '../call.ts';
import type { EtcdError } from '../errors.ts';
import { methods } from '../methods.ts';
import { FakeTransport, type FakeConnection } from '../transport/fakes.test.kit.ts';
import { foldPipeline } from '../pipeline/fold.ts';
import type { Pipeline } from '../pipeline/pipeline.ts';
import type { WireParts } from './wire-parts.ts';
import { wireParts } from './wire-parts.test.kit.ts';

const test = suite('unary calls on the wire');

/** `{ header: {} }`: what every reply of etcd begins with. */
const REPLY = Buffer.from([0x0a, 0x00]);
const PUT = { key: Buffer.from('k'), value: Buffer.from('v') };
const GET = { key: Buffer.from('k'), rangeEnd: Buffer.alloc(0) };

interface Bench {
  readonly transport: FakeTransport;
  readonly parts: WireParts;
  readonly pipeline: Pipeline;
  put(options?: CallOptions): Promise<unknown>;
  get(options?: CallOptions): Promise<unknown>;
}

function bench(...endpoints: string[]): Bench {
  const transport = new FakeTransport();
  const parts = wireParts(transport, endpoints.length === 0 ? ['a:1'] : endpoints);
  const pipeline = foldPipeline([], parts);
  return {
    transport,
    parts,
    pipeline,
    put: (options = {}) => pipeline.unary(methods.put, PUT, options),
    get: (options = {}) => pipeline.unary(methods.range, GET as never, options),
  };
}

/** A call that has been sent, on a connection that stands. */
async function sent(
  start: (bench: Bench) => Promise<unknown>,
): Promise<Bench & { readonly call: Promise<unknown>; readonly connection: FakeConnection }> {
  const made = bench();
  const call = start(made);
  call.catch(() => {});
  const connection = made.transport.to('a:1');
  connection.ready();
  return { ...made, call, connection };
}

/** Nothing is left of a call: no entry, no timer, and the wire's call was ended. */
function assertClean({ parts, transport }: Bench): void {
  assert.is(parts.underWay.size, 0);
  assert.is(transport.clock.timers.size, 0);
  for (const { calls } of transport.connections) assert.ok(calls.every(({ cancelled, ended }) => cancelled || ended));
}

test('a call waits for a connection, is given to it whole, and resolves by message and status', async () => {
  const bed = await sent(({ put }) => put());
  const { call } = bed.connection;
  assert.is(call.path, '/etcdserverpb.KV/Put');
  assert.equal(call.metadata, { 'client-api-version': '3.7' });
  assert.equal(call.sent, [Buffer.from([0x0a, 1, 0x6b, 0x12, 1, 0x76])]);
  assert.ok(call.whole);
  call.message(REPLY);
  await settle();
  assert.is(bed.parts.underWay.size, 1);
  call.end();
  await bed.call;
  assertClean(bed);
});

test('the status alone does not end a call well', async () => {
  const bed = await sent(({ put }) => put());
  bed.connection.call.end();
  await rejects(bed.call, { code: 'INTERNAL', outcome: 'unknown', method: 'KV.Put', endpoint: 'a:1', attempts: 1 });
  assertClean(bed);
});

test('a second message is a lie, and ends the call', async () => {
  const bed = await sent(({ put }) => put());
  bed.connection.call.message(REPLY);
  bed.connection.call.message(REPLY);
  await rejects(bed.call, { code: 'INTERNAL', outcome: 'unknown', message: /more than one/ });
  assert.ok(bed.connection.call.cancelled);
  assertClean(bed);
});

test('a reply that cannot be decoded was carried out, or may have been', async () => {
  const bed = await sent(({ put }) => put());
  bed.connection.call.reply(Buffer.from([0xff, 0xff, 0xff]));
  const error = await rejects<EtcdError>(bed.call, {
    code: 'INTERNAL',
    outcome: 'unknown',
    message: /cannot be decoded/,
  });
  assert.ok(error.cause instanceof Error);
  const read = await sent(({ get }) => get());
  read.connection.call.reply(Buffer.from([0xff, 0xff, 0xff]));
  await rejects(read.call, { code: 'INTERNAL', outcome: 'not-applied' });
});

test('a malformed key value fails the call, with its method and endpoint', async () => {
  const bed = await sent(({ get }) => get());
  bed.connection.call.reply(Buffer.from([0x12, 2, 0x0a, 9]));
  await rejects(bed.call, { code: 'INTERNAL', method: 'KV.Range', endpoint: 'a:1', message: /RangeResponse/ });
});

test('a bad status after a good message is an error', async () => {
  const bed = await sent(({ put }) => put());
  bed.connection.call.message(REPLY);
  bed.connection.call.end(13, 'broken');
  await rejects(bed.call, { code: 'INTERNAL', outcome: 'unknown', message: 'INTERNAL: broken' });
});

for (const code of [NaN, -1, 999, undefined, 2.5, Infinity]) {
  test(`a status of ${String(code)} is UNKNOWN`, async () => {
    const bed = await sent(({ put }) => put());
    bed.connection.call.ended = true;
    bed.connection.call.listener.onEnd({ code: code as number, details: '', reach: 'sent' });
    await rejects(bed.call, { code: 'UNKNOWN', outcome: 'unknown', message: 'UNKNOWN: no reason given' });
    assertClean(bed);
  });
}

test("CL-16 an abort rejects with the signal's own reason in every phase, and cancels what was sent", async () => {
  const reason = { any: 'thing' };
  const before = bench();
  assert.is(await rejects(before.put({ signal: AbortSignal.abort(reason) })), reason);
  assert.is(before.transport.connections.length, 0);

  const waiting = bench();
  const controller = new AbortController();
  const call = rejects(waiting.put({ signal: controller.signal }));
  controller.abort(reason);
  assert.is(await call, reason);
  assert.is(waiting.parts.underWay.size, 0);
  waiting.transport.to('a:1').ready();
  assert.is(waiting.transport.to('a:1').calls.length, 0);

  const second = new AbortController();
  const bed = await sent(({ put }) => put({ signal: second.signal }));
  second.abort(reason);
  assert.is(await rejects(bed.call), reason);
  assert.ok(bed.connection.call.cancelled);
  assertClean(bed);

  const third = new AbortController();
  const answered = await sent(({ put }) => put({ signal: third.signal }));
  answered.connection.call.message(REPLY);
  third.abort(reason);
  assert.is(await rejects(answered.call), reason);
});

test('an abort after the answer changes nothing', async () => {
  const controller = new AbortController();
  const bed = await sent(({ put }) => put({ signal: controller.signal }));
  bed.connection.call.reply(REPLY);
  controller.abort();
  await bed.call;
});

test('CL-16 the deadline of a call that was not sent is not-applied; of one that was, unknown for a write', async () => {
  const waiting = bench();
  const call = rejects<EtcdError>(waiting.put({ timeoutMs: 100 }), {
    code: 'DEADLINE_EXCEEDED',
    outcome: 'not-applied',
    attempts: 0,
  });
  await waiting.transport.clock.advance(110);
  await call;

  const bed = await sent(({ put }) => put({ timeoutMs: 100 }));
  await bed.transport.clock.advance(110);
  await rejects(bed.call, { code: 'DEADLINE_EXCEEDED', outcome: 'unknown', endpoint: 'a:1', attempts: 1 });
  assert.ok(bed.connection.call.cancelled);
  assertClean(bed);

  const read = await sent(({ get }) => get({ timeoutMs: 100 }));
  await read.transport.clock.advance(110);
  await rejects(read.call, { code: 'DEADLINE_EXCEEDED', outcome: 'not-applied' });
});

test('the deadline of a call that was refused and waits for a connection is not-applied', async () => {
  const bed = await sent(({ put }) => put({ timeoutMs: 100 }));
  const { call } = bed.connection;
  bed.connection.lose();
  call.end(14, 'Connection dropped', 'unsent');
  await bed.transport.clock.advance(110);
  await rejects(bed.call, { code: 'DEADLINE_EXCEEDED', outcome: 'not-applied', attempts: 1 });
});

test('CF-03 the default deadline is requestTimeoutMs; Infinity is none', async () => {
  const bed = await sent(({ put }) => put());
  await bed.transport.clock.advance(9_990);
  assert.is(bed.parts.underWay.size, 1);
  await bed.transport.clock.advance(20);
  await rejects(bed.call, { code: 'DEADLINE_EXCEEDED' });
  const forever = await sent(({ put }) => put({ timeoutMs: Infinity }));
  await forever.transport.clock.advance(1e9);
  assert.is(forever.parts.underWay.size, 1);
  forever.connection.call.reply(REPLY);
  await forever.call;
});

for (const reach of ['unsent', 'refused'] as const) {
  test(`R-09 H1 a call that is ${reach} is sent again at most three times, writes included`, async () => {
    const bed = await sent(({ put }) => put());
    for (let i = 0; i < 4; i++) {
      assert.is(bed.connection.calls.length, i + 1);
      bed.connection.call.end(14, 'no', reach);
    }
    assert.is(bed.connection.calls.length, 4);
    await rejects(bed.call, { code: 'UNAVAILABLE', outcome: 'not-applied', attempts: 4 });
    assertClean(bed);
    const again = await sent(({ put }) => put());
    again.connection.call.end(14, 'no', reach);
    again.connection.call.reply(REPLY);
    await again.call;
  });
}

test('H1 a call that connections refuse is sent again for as long as each of them serves others', async () => {
  const bed = await sent(({ put }) => put());
  const refused = bed.connection.call;
  let last = refused;
  for (let i = 0; i < 10; i++) {
    const other = bed.put();
    bed.connection.call.reply(REPLY);
    await other;
    last.end(14, 'the connection goes away', 'refused');
    last = bed.connection.call;
  }
  for (let i = 0; i < 4; i++) bed.connection.call.end(14, 'the connection goes away', 'refused');
  await rejects(bed.call, { code: 'UNAVAILABLE', outcome: 'not-applied', attempts: 14 });
  assertClean(bed);
});

test('H1 a connection that refuses two calls in turn has them sent again three times each', async () => {
  const bed = await sent(({ put }) => put());
  const other = bed.put();
  other.catch(() => {});
  for (let i = 0; i < 8; i++) bed.connection.calls[i]?.end(14, 'refused', 'refused');
  assert.is(bed.connection.calls.length, 8);
  for (const call of [bed.call, other]) await rejects(call, { code: 'UNAVAILABLE', attempts: 4 });
  assertClean(bed);
});

test('H1 a call that was sent is never sent again, a read neither', async () => {
  for (const start of [({ put }: Bench) => put(), ({ get }: Bench) => get()]) {
    const bed = await sent(start);
    bed.connection.call.end(14, 'read ECONNRESET', 'sent');
    await rejects(bed.call, { code: 'UNAVAILABLE' });
    assert.is(bed.connection.calls.length, 1);
  }
});

test('a call that is sent again goes to another endpoint where there is one', async () => {
  const bed = bench('a:1', 'b:1');
  const call = bed.put();
  for (const connection of bed.transport.connections) connection.ready();
  const [first] = bed.transport.connections.filter(({ calls }) => calls.length > 0) as [FakeConnection];
  first.lose();
  first.call.end(14, 'Connection dropped', 'unsent');
  const other = bed.transport.connections.find((connection) => connection !== first) as FakeConnection;
  other.call.reply(REPLY);
  await call;
});

test('CF-07 a request over maxSendBytes is refused and never sent', async () => {
  const bed = bench();
  const big = bed.pipeline.unary(methods.put, { key: Buffer.from('k'), value: Buffer.alloc(1_000) }, {});
  await rejects(big, {
    code: 'REQUEST_TOO_LARGE',
    outcome: 'not-applied',
    method: 'KV.Put',
    message: /maxSendBytes \(1000\)/,
  });
  assert.is(bed.transport.connections.length, 0);
  assertClean(bed);
});

test('a request that cannot be encoded rejects, and leaves nothing behind', async () => {
  const bed = bench();
  const request = {
    get key(): never {
      throw new Error('no key');
    },
  };
  await rejects(bed.pipeline.unary(methods.put, request as never, {}), /no key/);
  assertClean(bed);
});

test('a connection that refuses to start a call rejects it, and does not count it', async () => {
  const bed = bench();
  const call = bed.put();
  const connection = bed.transport.to('a:1');
  connection.refusal = new Error('bad metadata');
  connection.ready();
  await rejects(call, /bad metadata/);
  assertClean(bed);
  bed.transport.clock.time += 5_000;
  assert.is(bed.parts.picker.slots[0]?.health.suspect(bed.transport.clock.now()), false);
});

test('closing ends a call in every phase; it is unknown only where a write was sent', async () => {
  const waiting = bench();
  const call = rejects(waiting.put(), { code: 'CLIENT_CLOSED', outcome: 'not-applied' });
  for (const one of [...waiting.parts.underWay]) one.closeNow();
  await call;
  const bed = await sent(({ put }) => put());
  for (const one of [...bed.parts.underWay]) one.closeNow();
  await rejects(bed.call, { code: 'CLIENT_CLOSED', outcome: 'unknown', method: 'KV.Put' });
  assertClean(bed);
  bed.parts.closed = true;
  await rejects(bed.put(), { code: 'CLIENT_CLOSED', outcome: 'not-applied' });
});

test("CL-14 E-06 metadata of the caller goes along, and cannot replace the client's own", async () => {
  const bed = await sent(({ put }) => put({ requireLeader: true, metadata: { mine: 'x', hasleader: 'false' } }));
  assert.equal(bed.connection.call.metadata, { mine: 'x', hasleader: 'true', 'client-api-version': '3.7' });
});

test('calls without metadata of their own carry the same object, by which a transport may know it', async () => {
  const bed = await sent(({ put }) => put());
  bed.connection.call.reply(REPLY);
  await bed.call;
  const again = bed.put({ timeoutMs: 50 });
  const [first, second] = bed.connection.calls;
  assert.is(second?.metadata, first?.metadata);
  second?.reply(REPLY);
  await again;
});

test('a timeout that is no number is refused by name', async () => {
  for (const timeoutMs of [-1, NaN, '5', null]) {
    await rejects(bench().put({ timeoutMs: timeoutMs as number }), { code: 'INVALID_ARGUMENT', argument: 'timeoutMs' });
  }
});

test.run();
