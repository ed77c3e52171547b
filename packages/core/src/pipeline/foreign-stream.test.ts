import { assert, rejects, settle, suite } from '@etcdts/testing';
import type { ClientStream, Interceptor, StreamHandler } from '../call.ts';
import type { WatchRequest, WatchResponseMessage } from '../messages.ts';
import { methods } from '../methods.ts';
import { FakeTransport, type FakeConnection } from '../transport/fakes.test.kit.ts';
import { wireParts } from '../wire/wire-parts.test.kit.ts';
import { foldPipeline } from './fold.ts';

const test = suite('streams whose interceptor fails');

type Watching = ClientStream<WatchRequest, WatchResponseMessage>;

/** A watch stream through an interceptor's handler, on a connection that stands. */
function open(handler: (next: StreamHandler) => (...args: never[]) => unknown): {
  readonly stream: Watching;
  readonly connection: FakeConnection;
} {
  const transport = new FakeTransport();
  const interceptor: Interceptor = { name: 'failing', stream: handler as never };
  const outer: Interceptor = { name: 'outer', stream: (next) => (call) => next(call) };
  const pipeline = foldPipeline([outer, interceptor], wireParts(transport, ['a:1']));
  const stream = pipeline.stream(methods.watch, undefined, {});
  return {
    stream,
    get connection() {
      return transport.to('a:1');
    },
  };
}

/** A handler whose streams have one method that throws. */
const throwing =
  (name: 'send' | 'end' | 'cancel' | 'forEach', reason: unknown) =>
  (next: StreamHandler) =>
  (call: never): unknown => {
    const inner = next(call) as Watching;
    const methodsOf: Watching = {
      send: (message) => inner.send(message),
      end: () => inner.end(),
      cancel: (why) => inner.cancel(why),
      forEach: (onMessage) => inner.forEach(onMessage),
      [Symbol.asyncIterator]: () => inner[Symbol.asyncIterator](),
    };
    const fail = (): never => {
      throw reason;
    };
    return { ...methodsOf, [name]: fail };
  };

const REASON = new Error('of the interceptor');
const progress = { type: 'progress' } as const;

test('B12 a send or an end that throws ends the reading with that, and cancels the call', async () => {
  for (const name of ['send', 'end'] as const) {
    const { stream, connection } = open(throwing(name, REASON));
    connection.ready();
    await settle();
    const reading = rejects(stream.forEach(() => {}));
    if (name === 'send') stream.send(progress);
    else stream.end();
    assert.is(await reading, REASON);
    assert.ok(connection.call.cancelled);
    // It is over, quietly.
    stream.send(progress);
    stream.end();
    stream.cancel();
  }
});

test('B12 a send that throws before the reading begins fails it, an iteration too', async () => {
  const { stream } = open(throwing('send', REASON));
  stream.send(progress);
  assert.is(await rejects(stream.forEach(() => {})), REASON);
  const other = open(throwing('send', REASON)).stream;
  other.send(progress);
  assert.is(await rejects(other[Symbol.asyncIterator]().next()), REASON);
});

test('B12 a send that throws ends an iteration that waits', async () => {
  const { stream, connection } = open(throwing('send', REASON));
  connection.ready();
  const next = stream[Symbol.asyncIterator]().next();
  stream.send(progress);
  assert.is(await rejects(next), REASON);
});

test('B12 a cancel that throws ends the reading nevertheless: with its own reason, else with what was thrown', async () => {
  const own = new Error('enough');
  for (const [given, seen] of [
    [own, own],
    [undefined, REASON],
  ]) {
    const { stream } = open(throwing('cancel', REASON));
    const reading = rejects(stream.forEach(() => {}));
    stream.cancel(given);
    assert.is(await reading, seen);
  }
});

test('B12 a forEach that throws rejects', async () => {
  const { stream, connection } = open(throwing('forEach', REASON));
  connection.ready();
  await settle();
  assert.is(await rejects(stream.forEach(() => {})), REASON);
  assert.ok(connection.call.cancelled);
});

test('B12 a handler that throws, anything, gives a stream that has failed', async () => {
  for (const reason of [REASON, 'text', undefined]) {
    const { stream } = open(() => () => {
      throw reason;
    });
    let seen: unknown = 'nothing';
    await stream.forEach(() => {}).catch((error: unknown) => (seen = error));
    assert.is(seen, reason);
  }
});

test('B12 a handler that gives a promise, or nothing, is refused by its name, and its rejection is handled', async () => {
  for (const given of [Promise.reject(new Error('unseen')), undefined, {}]) {
    const { stream } = open(() => () => given);
    await rejects(
      stream.forEach(() => {}),
      {
        code: 'INVALID_ARGUMENT',
        argument: 'interceptors',
        message:
          'INVALID_ARGUMENT: interceptors hold failing, which gave no stream: return a stream, for example deferredStream(promise) of @etcdts/core/plugin',
      },
    );
  }
});

test.run();
