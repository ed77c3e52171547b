import { assert, rejects, suite } from '@etcdts/testing';
import { servedBy, type Call, type CallOptions, type Interceptor } from '../call.ts';
import { framed } from '../frame.ts';
import { methods, rpc, type Method } from '../methods.ts';
import { FakeTransport } from '../transport/fakes.test.kit.ts';
import { wireParts } from '../wire/wire-parts.test.kit.ts';
import { foldPipeline } from './fold.ts';
import type { Pipeline } from './pipeline.ts';

const test = suite('what a pipeline sends, and what it notes');

const REPLY = Buffer.from([0x0a, 0x00]);
const PUT = { key: Buffer.from('k'), value: Buffer.from('v') };
const text = { encodeRequest: (message: string) => framed(Buffer.from(message)), decodeResponse: String };

function bed(...interceptors: Interceptor[]): { readonly transport: FakeTransport; readonly pipeline: Pipeline } {
  const transport = new FakeTransport();
  return { transport, pipeline: foldPipeline(interceptors, wireParts(transport, ['a:1', 'b:1'])) };
}

/** Keeps the calls that pass, and says for which methods it was asked for a handler. */
function noting(): Interceptor & { readonly calls: Call[]; readonly made: string[] } {
  const calls: Call[] = [];
  const made: string[] = [];
  const keep = (call: Call): Call => {
    calls.push(call);
    return call;
  };
  return {
    name: 'noting',
    calls,
    made,
    unary: (next, { label }) => {
      made.push(label);
      return (call) => next(keep(call as Call) as typeof call);
    },
    stream: (next) => (call) => next(keep(call as Call) as typeof call),
  };
}

test('K-2 the context has the endpoint that served a call that went well, once it has one', async () => {
  const notes = noting();
  const { transport, pipeline } = bed(notes);
  const call = pipeline.unary(methods.put, PUT, {});
  const context = notes.calls[0]?.context;
  assert.is(context?.get(servedBy), undefined);
  transport.to('b:1').ready();
  assert.is(context?.get(servedBy), 'b:1');
  transport.to('b:1').call.reply(REPLY);
  await call;
  assert.is(context?.get(servedBy), 'b:1');
});

test('K-2 the context has the endpoint of a stream, and the last one of a call that was sent twice', async () => {
  const notes = noting();
  const { transport, pipeline } = bed(notes);
  pipeline.stream(methods.watch, undefined as never, {});
  const call = pipeline.unary(methods.put, PUT, {});
  transport.to('a:1').ready();
  assert.equal(
    notes.calls.map(({ context }) => context.get(servedBy)),
    ['a:1', 'a:1'],
  );
  transport.to('a:1').lose();
  transport.to('a:1').call.end(14, 'Connection dropped', 'unsent');
  transport.to('b:1').ready();
  assert.is(notes.calls[1]?.context.get(servedBy), 'b:1');
  transport.to('b:1').call.reply(REPLY);
  await call;
});

test('K-3 a call avoids the endpoints that its options name, unless there is no other', async () => {
  const { transport, pipeline } = bed();
  const calls = [pipeline.unary(methods.put, PUT, {})];
  for (const address of ['a:1', 'b:1']) transport.to(address).ready();
  for (let i = 0; i < 4; i++) calls.push(pipeline.unary(methods.put, PUT, { avoid: ['a:1'] }));
  assert.is(transport.to('b:1').calls.length, 4);
  calls.push(pipeline.unary(methods.put, PUT, { avoid: ['a:1', 'b:1'] }));
  for (const connection of transport.connections) for (const one of connection.calls) one.reply(REPLY);
  await Promise.all(calls);
});

test('K-3 what is no list of endpoints to avoid is refused by name', async () => {
  for (const avoid of ['a:1', [1], {}, null]) {
    const { pipeline } = bed();
    await rejects(pipeline.unary(methods.put, PUT, { avoid } as unknown as CallOptions), {
      code: 'INVALID_ARGUMENT',
      argument: 'avoid',
    });
  }
});

test('K-4 an RPC of another service passes the interceptors, whose wrappers are made once, when it is first used', async () => {
  const notes = noting();
  const { transport, pipeline } = bed(notes);
  const method = rpc<string, string>('demo.v1.Echo', 'Say', 'unary', 'read', text);
  const atOnce = notes.made.length;
  assert.not(notes.made.includes('Echo.Say'));
  for (const word of ['one', 'two']) {
    const call = pipeline.unary(method, word, {});
    const connection = transport.to('a:1');
    if (connection.state !== 'ready') connection.ready();
    assert.is(connection.call.path, '/demo.v1.Echo/Say');
    connection.call.reply(connection.call.sent[0] as Buffer);
    assert.is(await call, word);
  }
  assert.equal(notes.made.slice(atOnce), ['Echo.Say']);
  assert.is(notes.calls[0]?.method, method as Method);
});

test('K-4 a method of another copy of this package is sent, with the columns that it lacks filled in', async () => {
  const notes = noting();
  const { transport, pipeline } = bed(notes);
  const { path, kind, codec } = methods.put as unknown as { path: string; kind: string; codec: object };
  const call = pipeline.unary({ path, kind, codec } as unknown as typeof methods.put, PUT, {});
  transport.to('a:1').ready();
  transport.to('a:1').call.reply(REPLY);
  await call;
  const { label, safety, repeat } = (notes.calls[0] as Call).method;
  assert.equal([label, safety, repeat], ['KV.Put', 'write', 'unsent']);
});

test('what is no method, has no codec, or is of the other kind is refused by name', async () => {
  const { codec, ...noCodec } = methods.put as unknown as { codec: object };
  const strangers = [
    undefined,
    null,
    'put',
    5,
    {},
    noCodec,
    { path: '/x.Y/Z' },
    { path: '/x.Y/Z', kind: 'other', codec },
    { path: '/x.Y/Z', kind: 'unary', codec: {} },
    { path: 'x', kind: 'unary', codec },
  ];
  const { pipeline } = bed();
  const refused = { code: 'INVALID_ARGUMENT', argument: 'method', outcome: 'not-applied' } as const;
  for (const method of [...strangers, methods.watch]) await rejects(pipeline.unary(method as never, {}, {}), refused);
  for (const method of [...strangers, methods.put]) {
    const stream = pipeline.stream(method as never, {}, {});
    await rejects(
      stream.forEach(() => {}),
      refused,
    );
  }
  await rejects(pipeline.unary(methods.watch as never, {}, {}), { message: /Watch\.Watch is a stream/ });
  await rejects(pipeline.unary(noCodec as never, {}, {}), { message: /\/etcdserverpb\.KV\/Put has no codec/ });
});

test.run();
