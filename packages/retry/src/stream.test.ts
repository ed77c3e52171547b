import { methods, type Call, type ClientStream, type Method, type StreamHandler } from '@etcdts/core/plugin';
import { assert, rejects, suite } from '@etcdts/testing';
import { Bench, callOf, failure, settle } from './fakes.test.kit.ts';

const test = suite('retry: streams');

/** Opens one stream for each list: its messages, then its end, where an error is a failure. */
function streams(...lists: unknown[][]): { next: StreamHandler; calls: Call[]; cancelled: unknown[] } {
  const calls: Call[] = [];
  const cancelled: unknown[] = [];
  const next = ((call: Call): ClientStream => {
    calls.push(call);
    const list = lists[calls.length - 1] as unknown[];
    async function* messages(): AsyncGenerator<unknown> {
      for (const one of list) {
        if (one instanceof Error) throw one;
        yield one;
      }
    }
    return {
      send() {},
      end() {},
      cancel: (reason) => void cancelled.push(reason),
      async forEach(onMessage) {
        for await (const message of messages()) onMessage(message);
      },
      [Symbol.asyncIterator]: messages,
    };
  }) as StreamHandler;
  return { next, calls, cancelled };
}

const snapshot = (fields: Partial<Call> = {}): Call => callOf(methods.snapshot as Method, {}, fields);
const lost = failure('UNAVAILABLE');

async function read(stream: ClientStream, way: 'forEach' | 'iterate', seen: unknown[]): Promise<void> {
  if (way === 'forEach') return stream.forEach((message) => void seen.push(message));
  for await (const message of stream) seen.push(message);
}

for (const way of ['forEach', 'iterate'] as const) {
  test(`R-10 a stream from the server is opened again before its first message (${way})`, async () => {
    const bench = new Bench();
    const { next, calls } = streams([lost], [failure('NO_LEADER')], [1, 2]);
    const seen: unknown[] = [];
    await bench.run(read(bench.stream(snapshot(), next), way, seen));
    assert.equal(seen, [1, 2]);
    assert.equal(bench.pauses, [50]);
    assert.equal(
      calls.map(({ attempt, deadline, avoid }) => [attempt, deadline, avoid]),
      [
        [1, 11_000, undefined],
        [2, 11_000, undefined],
        [3, 11_000, ['a:1']],
      ],
    );
  });

  test(`R-10 a stream from the server that fails after its first message has failed (${way})`, async () => {
    const bench = new Bench();
    const { next, calls } = streams([lost], [1, lost], [2]);
    const seen: unknown[] = [];
    await rejects(bench.run(read(bench.stream(snapshot(), next), way, seen)), { code: 'UNAVAILABLE', attempts: 2 });
    assert.equal(seen, [1]);
    assert.is(calls.length, 2);
  });

  test(`a verdict ends a stream (${way})`, async () => {
    const bench = new Bench();
    const { next } = streams([failure('PERMISSION_DENIED')]);
    await rejects(read(bench.stream(snapshot(), next), way, []), { code: 'PERMISSION_DENIED' });
  });

  test(`cancel, abort and close end the pause before a stream is opened again (${way})`, async () => {
    const controller = new AbortController();
    const begin = async (call: Call): Promise<{ bench: Bench; stream: ClientStream; reading: Promise<void> }> => {
      const bench = new Bench();
      const stream = bench.stream(call, streams([failure('UNAVAILABLE', { endpoint: undefined })]).next);
      const reading = read(stream, way, []);
      reading.catch(() => {});
      await settle();
      assert.is(bench.timers.size, 1);
      return { bench, stream, reading };
    };
    const left = await begin(snapshot());
    left.stream.cancel();
    await left.reading;
    const cancelled = await begin(snapshot());
    cancelled.stream.cancel(new Error('enough'));
    await rejects(cancelled.reading, /enough/);
    const aborted = await begin(snapshot({ signal: controller.signal }));
    controller.abort(new Error('stop'));
    await rejects(aborted.reading, /stop/);
    const closed = await begin(snapshot());
    closed.bench.close();
    await rejects(closed.reading, { code: 'CLIENT_CLOSED', method: 'Maintenance.Snapshot' });
    for (const { bench } of [left, cancelled, aborted, closed]) assert.is(bench.timers.size, 0);
  });
}

test('what a reader throws is no reason to open the stream again', async () => {
  const { next, calls } = streams([1]);
  const reading = new Bench().stream(snapshot(), next).forEach(() => {
    throw failure('UNAVAILABLE');
  });
  await rejects(reading, { code: 'UNAVAILABLE' });
  assert.is(calls.length, 1);
});

test('leaving an iteration cancels the stream, and ends at once', async () => {
  const { next, cancelled } = streams([1, 2]);
  for await (const message of new Bench().stream(snapshot(), next)) {
    assert.is(message, 1);
    break;
  }
  assert.equal(cancelled, [undefined]);
});

test('W-25 watches and keepalives pass untouched: their hubs resume them', () => {
  const { next } = streams();
  for (const method of [methods.watch, methods.leaseKeepAlive]) {
    assert.is(new Bench().wrapped(next, method as Method), next);
  }
});

test('a call with retry: false has its stream as it is', () => {
  const given = { cancel() {} } as unknown as ClientStream;
  const next = (() => given) as unknown as StreamHandler;
  assert.is(new Bench().stream(snapshot({ options: { retry: false } }), next), given);
});

test.run();
