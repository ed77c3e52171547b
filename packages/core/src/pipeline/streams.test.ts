import { assert, suite } from '@etcdts/testing';
import type { ClientStream } from '../call.ts';
import { failedStream, tapStream } from './streams.ts';

const test = suite('tapped streams');

/** A tapped stream over one that gives these messages, and what was seen of it. */
function tapped(messages: readonly string[], below?: ClientStream<string, string>) {
  const seen: unknown[] = [];
  const stream: ClientStream<string, string> = below ?? {
    send() {},
    end() {},
    cancel() {},
    async forEach(onMessage) {
      messages.forEach(onMessage);
    },
    async *[Symbol.asyncIterator]() {
      yield* messages;
    },
  };
  const taps = {
    sent: (message: string) => seen.push(`sent ${message}`),
    received: (message: string) => seen.push(`received ${message}`),
    ended: (...how: unknown[]) => seen.push(how),
  };
  return { seen, stream: tapStream(stream, taps) };
}

test('the end that the server makes is told as no cancelling', async () => {
  const pushed = tapped(['a', 'b']);
  await pushed.stream.forEach(() => {});
  assert.equal(pushed.seen, ['received a', 'received b', [undefined, false]]);
  const pulled = tapped(['a']);
  for await (const _ of pulled.stream);
  assert.equal(pulled.seen, ['received a', [undefined, false]]);
  const failed = tapped([], failedStream('why'));
  await failed.stream.forEach(() => {}).catch(() => {});
  assert.equal(failed.seen, [['why', false]]);
});

test('the end that the reader makes is told as cancelling, once', async () => {
  const left = tapped(['a', 'b']);
  for await (const _ of left.stream) break;
  left.stream.cancel('late');
  assert.equal(left.seen, ['received a', [undefined, true]]);
  const cancelled = tapped(['a']);
  cancelled.stream.cancel('why');
  assert.equal(cancelled.seen, [['why', true]]);
});

test('only what is sent before the end is told', () => {
  const halfClosed = tapped([]);
  halfClosed.stream.send('a');
  halfClosed.stream.end();
  halfClosed.stream.send('b');
  assert.equal(halfClosed.seen, ['sent a']);
  const cancelled = tapped([]);
  cancelled.stream.cancel();
  cancelled.stream.send('a');
  assert.equal(cancelled.seen, [[undefined, true]]);
});

test.run();
