import { assert, rejects, suite } from '@etcdts/testing';
import { contextKey, isCall, type Call, type Interceptor, type UnaryHandler } from '../call.ts';
import { methods } from '../methods.ts';
import { FakeTransport } from '../transport/fakes.test.kit.ts';
import { foldPipeline } from './fold.ts';
import type { Pipeline } from './pipeline.ts';
import { tapStream } from './streams.ts';
import { wireParts } from '../wire/wire-parts.test.kit.ts';

declare module '../call.ts' {
  interface CallOptions {
    /** What a plugin adds: typed by declaration merging. */
    foldTest?: { readonly note: string } | false | undefined;
  }
}

const test = suite('folding interceptors');

const REPLY = Buffer.from([0x0a, 0x00]);
const PUT = { key: Buffer.from('k'), value: Buffer.from('v') };

function pipelineOf(...interceptors: Interceptor[]): {
  readonly pipeline: Pipeline;
  readonly transport: FakeTransport;
} {
  const transport = new FakeTransport();
  return { pipeline: foldPipeline(interceptors, wireParts(transport, ['a:1'])), transport };
}

/** Notes its turns, both ways. */
function logging(name: string, log: string[]): Interceptor {
  return {
    name,
    unary: (next) => async (call) => {
      log.push(`${name} >`);
      try {
        return await next(call);
      } finally {
        log.push(`< ${name}`);
      }
    },
    stream: (next) => (call) => {
      log.push(`${name} >`);
      return tapStream(next(call), {
        sent: () => log.push(`${name} sent`),
        received: () => log.push(`${name} received`),
        ended: () => log.push(`${name} ended`),
      });
    },
  };
}

test('the first interceptor is the outermost, in both directions, for unary calls', async () => {
  const log: string[] = [];
  const { pipeline, transport } = pipelineOf(logging('a', log), logging('b', log), logging('c', log));
  const call = pipeline.unary(methods.put, PUT, {}).then(() => log.push('answer'));
  transport.to('a:1').ready();
  log.push('wire');
  transport.to('a:1').call.reply(REPLY);
  await call;
  assert.equal(log, ['a >', 'b >', 'c >', 'wire', '< c', '< b', '< a', 'answer']);
});

test('the first interceptor is the outermost, in both directions, for streams', async () => {
  const log: string[] = [];
  const { pipeline, transport } = pipelineOf(logging('a', log), logging('b', log));
  const stream = pipeline.stream(methods.watch, undefined as never, {});
  const reading = stream.forEach(() => log.push('read'));
  transport.to('a:1').ready();
  stream.send({ type: 'progress' } as never);
  transport.to('a:1').call.message(REPLY);
  transport.to('a:1').call.end();
  await reading;
  assert.equal(log, ['a >', 'b >', 'a sent', 'b sent', 'b received', 'a received', 'read', 'b ended', 'a ended']);
});

test('wrappers are made once per method, and never again', async () => {
  const made: string[] = [];
  const counting: Interceptor = {
    name: 'counting',
    unary: (next, method) => (made.push(method.path), next),
    stream: (next, method) => (made.push(method.path), next),
  };
  const { pipeline, transport } = pipelineOf(counting);
  assert.equal(
    made.sort(),
    Object.values(methods)
      .map(({ path }) => path)
      .sort(),
  );
  const calls = [pipeline.unary(methods.put, PUT, {}), pipeline.unary(methods.put, PUT, {})];
  transport.to('a:1').ready();
  for (const call of transport.to('a:1').calls) call.reply(REPLY);
  await Promise.all(calls);
  assert.is(made.length, Object.values(methods).length);
});

test('a handler of one kind is not called for the other', () => {
  const kinds = new Set<string>();
  pipelineOf({ name: 'one', unary: (next, method) => (kinds.add(method.kind), next) });
  assert.equal([...kinds], ['unary']);
});

test('two of one name, and one without, are refused', () => {
  const unary = (next: UnaryHandler): UnaryHandler => next;
  assert.throws(
    () => pipelineOf({ name: 'a', unary }, { name: 'b', unary }, { name: 'a', unary }),
    /INVALID_ARGUMENT: interceptors hold two named "a"/,
  );
  for (const name of ['', undefined, 5])
    assert.throws(() => pipelineOf({ name: name as string, unary }), /INVALID_ARGUMENT: interceptors hold one without/);
});

test('one that can do nothing, for it has no hook, is refused', () => {
  for (const one of [{ name: 'a' }, { name: 'a', unary: 'yes' }, { name: 'a', unaryy: () => {} }]) {
    assert.throws(
      () => pipelineOf(one as Interceptor),
      /INVALID_ARGUMENT: interceptors hold "a", which has neither a function unary nor stream/,
    );
  }
});

test('an interceptor that throws rejects the call, or ends the stream', async () => {
  const error = new Error('thrown');
  const throwing: Interceptor = {
    name: 'throwing',
    unary: () => () => {
      throw error;
    },
    stream: () => () => {
      throw error;
    },
  };
  const { pipeline } = pipelineOf(throwing);
  assert.is(await rejects(pipeline.unary(methods.put, PUT, {})), error);
  assert.is(await rejects(pipeline.stream(methods.watch, undefined as never, {}).forEach(() => {})), error);
});

test("a received call is never changed: everything of it that could be is frozen, or another interceptor's copy", async () => {
  const seen: Call[] = [];
  const keep: Interceptor = { name: 'keep', unary: (next) => (call) => (seen.push(call), next(call)) };
  const add: Interceptor = {
    name: 'add',
    unary: (next) => (call) => next({ ...call, metadata: { ...call.metadata, more: 'x' }, attempt: call.attempt + 1 }),
  };
  const { pipeline, transport } = pipelineOf(keep, add, { ...keep, name: 'after' });
  const request = Object.freeze({ ...PUT });
  const options = Object.freeze({ metadata: Object.freeze({ mine: 'y' }) });
  const call = pipeline.unary(methods.put, request, options);
  transport.to('a:1').ready();
  assert.equal(transport.to('a:1').call.metadata, { mine: 'y', 'client-api-version': '3.7', more: 'x' });
  transport.to('a:1').call.reply(REPLY);
  await call;
  const [before, after] = seen as [Call, Call];
  assert.equal(before.metadata, { mine: 'y', 'client-api-version': '3.7' });
  assert.is(before.attempt, 1);
  assert.is(after.attempt, 2);
  assert.is(before.request, request);
  assert.is(after.context, before.context);
  assert.is(before.options, options);
});

test('a call carries deadline, signal, endpoint, options and a context of its own', async () => {
  const seen: Call[] = [];
  const { pipeline, transport } = pipelineOf({
    name: 'keep',
    unary: (next) => (call) => (seen.push(call), next(call)),
  });
  const { signal } = new AbortController();
  const calls = [
    pipeline.unary(methods.put, PUT, { timeoutMs: 50, signal, endpoint: 'a:1', foldTest: { note: 'hello' } }),
    pipeline.unary(methods.put, PUT, { foldTest: false }),
  ];
  transport.to('a:1').ready();
  for (const call of transport.to('a:1').calls) call.reply(REPLY);
  await Promise.all(calls);
  const [first, second] = seen as [Call, Call];
  assert.is(first.deadline, transport.clock.now() + 50);
  assert.is(second.deadline, transport.clock.now() + 10_000);
  assert.is(first.signal, signal);
  assert.is(first.endpoint, 'a:1');
  assert.is(first.options.foldTest && first.options.foldTest.note, 'hello');
  const key = contextKey('key', 'nothing');
  first.context.set(key, 'something');
  assert.is(first.context.get(key), 'something');
  assert.is(first.context.get(contextKey('key', 'nothing')), 'nothing');
  assert.is(second.context.get(key), 'nothing');
  assert.ok(isCall(first, methods.put) && first.request.key.toString() === 'k');
  assert.not.ok(isCall(first, methods.range));
});

test('an interceptor may answer without going further', async () => {
  const { pipeline, transport } = pipelineOf({ name: 'cached', unary: () => () => Promise.resolve('cached' as never) });
  assert.is(await pipeline.unary(methods.range, {} as never, {}), 'cached');
  assert.is(transport.connections.length, 0);
});

test('an interceptor may call next again, one after the other and at once', async () => {
  const { pipeline, transport } = pipelineOf({
    name: 'hedge',
    unary: (next) => (call) => Promise.any([next(call), next({ ...call, attempt: 2 })]),
  });
  const call = pipeline.unary(methods.put, PUT, {});
  transport.to('a:1').ready();
  const [first, second] = transport.to('a:1').calls;
  first?.end(14, 'lost');
  second?.reply(REPLY);
  await call;
});

test.run();
