import { assert, deferred, rejects, settle, suite } from '@etcdts/testing';
import type { ClientStream } from '../call.ts';
import { MessageQueue } from '../wire/message-queue.ts';
import { reopenedStream, type Reopening } from './reopened-stream.ts';

const test = suite('reopened stream');

/** A stream whose server side is spoken by hand. */
class Hand implements ClientStream<string, string> {
  readonly log: string[] = [];
  readonly queue: MessageQueue<string> = new MessageQueue({ pull() {}, leave: () => this.cancel() });

  send(message: string): void {
    this.log.push(message);
  }

  end(): void {
    this.log.push('end');
  }

  cancel(reason?: unknown): void {
    this.log.push(reason === undefined ? 'cancel' : `cancel ${String(reason)}`);
    if (reason === undefined) this.queue.end();
    else this.queue.fail(reason);
  }

  forEach(onMessage: (message: string) => void): Promise<void> {
    return this.queue.forEach(onMessage);
  }

  [Symbol.asyncIterator](): AsyncIterator<string> {
    return this.queue[Symbol.asyncIterator]();
  }
}

type Way = 'forEach' | 'iterate';
async function read(stream: ClientStream<string, string>, way: Way, seen: string[] = []): Promise<string[]> {
  if (way === 'forEach') await stream.forEach((message) => void seen.push(message));
  else for await (const message of stream) seen.push(message);
  return seen;
}

const begin = (reopening: Reopening<string, string>): { first: Hand; stream: ClientStream<string, string> } => {
  const first = new Hand();
  return { first, stream: reopenedStream(first, reopening) };
};

for (const way of ['forEach', 'iterate'] as const) {
  test(`what was sent goes to the next stream too, also what is sent between the two (${way})`, async () => {
    const next = new Hand();
    const making = deferred<Hand>();
    const { first, stream } = begin({ reopen: () => making.promise });
    stream.send('a');
    const reading = read(stream, way);
    first.queue.fail('refused');
    await settle();
    stream.send('b');
    stream.end();
    making.resolve(next);
    await settle();
    assert.equal(next.log, ['a', 'b', 'end']);
    next.queue.push('answer');
    next.queue.end();
    assert.equal(await reading, ['answer']);
  });

  test(`without another stream the reader gets the reason, or what reopen throws (${way})`, async () => {
    const none = begin({ reopen: () => undefined });
    none.first.queue.fail('refused');
    assert.is(await rejects(read(none.stream, way)), 'refused');
    const thrown = begin({
      reopen(reason) {
        throw `${String(reason)} at last`;
      },
    });
    thrown.first.queue.fail('refused');
    assert.is(await rejects(read(thrown.stream, way)), 'refused at last');
  });

  test(`after its first message it is not opened again (${way})`, async () => {
    const reopen = (): undefined => assert.unreachable() as undefined;
    for (const [ended, reason] of [[undefined, 'lost'] as const, [() => 'lost later', 'lost later'] as const]) {
      const { first, stream } = begin(ended === undefined ? { reopen } : { reopen, ended });
      const seen: string[] = [];
      const reading = read(stream, way, seen);
      first.queue.push('a');
      await settle();
      first.queue.fail('lost');
      assert.is(await rejects(reading), reason);
      assert.equal(seen, ['a']);
    }
  });

  test(`one that is cancelled while it is opened again is not, and what is opened all the same is cancelled (${way})`, async () => {
    for (const reason of [undefined, 'enough']) {
      const next = new Hand();
      let left: AbortSignal | undefined;
      const making = deferred<Hand | undefined>();
      const { first, stream } = begin({ reopen: (_, signal) => ((left = signal), making.promise) });
      const reading = read(stream, way);
      reading.catch(() => {});
      first.queue.fail('refused');
      await settle();
      assert.is(left?.aborted, false);
      stream.cancel(reason);
      assert.is(left?.aborted, true, 'so that a pause ends');
      making.resolve(next);
      if (reason === undefined) assert.equal(await reading, []);
      else assert.is(await rejects(reading), reason);
      assert.equal(next.log, [reason === undefined ? 'cancel' : 'cancel enough']);
    }
  });
}

test('leaving the iteration cancels the stream that is open', async () => {
  const next = new Hand();
  const { first, stream } = begin({ reopen: () => next });
  first.queue.fail('refused');
  next.queue.push('a');
  next.queue.push('b');
  for await (const _ of stream) break;
  assert.equal(next.log, ['cancel']);
});

test.run();
