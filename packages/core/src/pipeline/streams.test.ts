import { assert, deferred, rejects, settle, suite } from '@etcdts/testing';
import type { ClientStream } from '../call.ts';
import { MessageQueue } from '../wire/message-queue.ts';
import { deferredStream, failedStream, tapStream, type StreamTaps } from './streams.ts';

const test = suite('streams of interceptors');

/** A stream whose server side is spoken by hand. */
class Hand implements ClientStream<string, string> {
  readonly log: string[] = [];
  readonly queue: MessageQueue<string> = new MessageQueue({ pull() {}, leave: () => this.cancel() });

  send(message: string): void {
    this.log.push(`send ${message}`);
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

function tapped(): { readonly hand: Hand; readonly stream: ClientStream<string, string>; readonly log: string[] } {
  const hand = new Hand();
  const log: string[] = [];
  const stream = tapStream<string, string>(hand, {
    sent: (message) => log.push(`sent ${message}`),
    received: (message) => log.push(`received ${message}`),
    ended: (...reason) => log.push(reason[0] === undefined ? 'ended' : `ended ${String(reason[0])}`),
  });
  return { hand, stream, log };
}

test('a tap sees messages both ways, before the other side has them, and the end once', async () => {
  const { hand, stream, log } = tapped();
  stream.send('a');
  stream.end();
  const reading = stream.forEach((message) => log.push(`read ${message}`));
  hand.queue.push('b');
  hand.queue.end();
  await reading;
  stream.cancel();
  assert.equal(log, ['sent a', 'received b', 'read b', 'ended']);
  assert.equal(hand.log, ['send a', 'end', 'cancel']);
});

test('a tap sees an iteration end: well, by a failure, by leaving it', async () => {
  const well = tapped();
  well.hand.queue.push('b');
  well.hand.queue.end();
  for await (const message of well.stream) well.log.push(`read ${message}`);
  assert.equal(well.log, ['received b', 'read b', 'ended']);

  const failed = tapped();
  failed.hand.queue.fail('reason');
  await rejects(failed.stream[Symbol.asyncIterator]().next(), (reason) => reason === 'reason');
  assert.equal(failed.log, ['ended reason']);

  const left = tapped();
  left.hand.queue.push('b');
  for await (const _ of left.stream) break;
  assert.equal(left.log, ['received b', 'ended']);
  assert.equal(left.hand.log, ['cancel']);
});

test('a tap sees a cancel with its reason, and a forEach that fails', async () => {
  const { stream, log } = tapped();
  const reading = rejects(stream.forEach(() => {}));
  stream.cancel('enough');
  await reading;
  assert.equal(log, ['ended enough']);
});

test('leaving a tapped iteration does not wait for a message', async () => {
  const { stream, hand } = tapped();
  const iterator = stream[Symbol.asyncIterator]();
  const waiting = iterator.next();
  await iterator.return?.();
  assert.is((await waiting).done, true);
  assert.equal(hand.log, ['cancel']);
});

test('leaving a tapped iteration that never began cancels the stream', async () => {
  const { stream, hand, log } = tapped();
  await stream[Symbol.asyncIterator]().return?.();
  assert.equal(hand.log, ['cancel']);
  assert.equal(log, ['ended']);
});

test('a tap that throws ends the reading with its error, and cancels the stream', async () => {
  const hand = new Hand();
  const error = new Error('tap');
  const stream = tapStream<string, string>(hand, {
    received() {
      throw error;
    },
  });
  hand.queue.push('b');
  assert.is(await rejects(stream[Symbol.asyncIterator]().next()), error);
  assert.equal(hand.log, ['cancel Error: tap']);
});

test('without taps nothing is looked at', async () => {
  const hand = new Hand();
  const stream = tapStream<string, string>(hand, {});
  const seen: string[] = [];
  const reading = stream.forEach((message) => seen.push(message));
  hand.queue.push('b');
  hand.queue.end();
  await reading;
  assert.equal(seen, ['b']);
});

test('a deferred stream keeps what is sent until it is made', async () => {
  const making = deferred<ClientStream<string, string>>();
  const stream = deferredStream(making.promise);
  stream.send('a');
  stream.end();
  const seen: string[] = [];
  const reading = stream.forEach((message) => seen.push(message));
  const hand = new Hand();
  making.resolve(hand);
  await settle();
  stream.send('late');
  assert.equal(hand.log, ['send a', 'end', 'send late']);
  hand.queue.push('b');
  hand.queue.end();
  await reading;
  assert.equal(seen, ['b']);
});

test('a deferred stream is iterated, before and after it is made, without losing a message', async () => {
  for (const early of [true, false]) {
    const making = deferred<ClientStream<string, string>>();
    const stream = deferredStream(making.promise);
    const iterator = stream[Symbol.asyncIterator]();
    const first = early ? iterator.next() : undefined;
    const hand = new Hand();
    hand.queue.push('a');
    hand.queue.push('b');
    hand.queue.end();
    making.resolve(hand);
    await settle();
    assert.equal(await (first ?? iterator.next()), { value: 'a', done: false });
    assert.equal(await iterator.next(), { value: 'b', done: false });
    assert.is((await iterator.next()).done, true);
  }
});

test('a stream that could not be made ends every way of reading with the reason', async () => {
  const failing = (): ClientStream<string, string> => deferredStream(Promise.reject(new Error('no token')));
  await rejects(
    failing().forEach(() => {}),
    /no token/,
  );
  await rejects(failing()[Symbol.asyncIterator]().next(), /no token/);
  failing();
  await settle();
});

test('cancel ends the reading of a stream that is never made, and cancels one that is made later', async () => {
  const never = deferredStream<string, string>(new Promise(() => {}));
  const waiting = never[Symbol.asyncIterator]().next();
  never.cancel('enough');
  await rejects(waiting, (reason) => reason === 'enough');
  const quiet = deferredStream<string, string>(new Promise(() => {}));
  const reading = quiet.forEach(() => {});
  quiet.cancel();
  await reading;

  const making = deferred<ClientStream<string, string>>();
  const late = deferredStream(making.promise);
  const left = late[Symbol.asyncIterator]();
  const next = left.next();
  await left.return?.();
  assert.is((await next).done, true);
  const hand = new Hand();
  making.resolve(hand);
  await settle();
  assert.equal(hand.log, ['cancel']);
});

test('cancel after a stream was made reaches it', async () => {
  const hand = new Hand();
  const stream = deferredStream(Promise.resolve(hand));
  const reading = rejects(
    stream.forEach(() => {}),
    (reason) => reason === 'enough',
  );
  await settle();
  stream.cancel('enough');
  await reading;
  assert.equal(hand.log, ['cancel enough']);
});

test('a deferred stream that is read twice throws, and nothing else', async () => {
  const stream = deferredStream(Promise.resolve(new Hand()));
  void stream.forEach(() => {});
  assert.throws(() => stream.forEach(() => {}), TypeError);
  await settle();
});

test('a failed stream takes everything, and fails whoever reads', async () => {
  const stream = failedStream<string, string>('reason');
  stream.send('a');
  stream.end();
  stream.cancel();
  await rejects(
    stream.forEach(() => {}),
    (reason) => reason === 'reason',
  );
  await rejects(failedStream('reason')[Symbol.asyncIterator]().next(), (reason) => reason === 'reason');
});

/** A tapped stream over one that gives these messages, and what was seen of it. */
function given(messages: readonly string[], below?: ClientStream<string, string>) {
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

test('the end that the server makes is reported as no cancelling', async () => {
  const pushed = given(['a', 'b']);
  await pushed.stream.forEach(() => {});
  assert.equal(pushed.seen, ['received a', 'received b', [undefined, false]]);
  const pulled = given(['a']);
  for await (const _ of pulled.stream);
  assert.equal(pulled.seen, ['received a', [undefined, false]]);
  const failed = given([], failedStream('why'));
  await failed.stream.forEach(() => {}).catch(() => {});
  assert.equal(failed.seen, [['why', false]]);
});

test('the end that the reader makes is reported as cancelling, once', async () => {
  const left = given(['a', 'b']);
  for await (const _ of left.stream) break;
  left.stream.cancel('late');
  assert.equal(left.seen, ['received a', [undefined, true]]);
  const cancelled = given(['a']);
  cancelled.stream.cancel('why');
  assert.equal(cancelled.seen, [['why', true]]);
});

test('only what is sent before the end is reported', () => {
  const halfClosed = given([]);
  halfClosed.stream.send('a');
  halfClosed.stream.end();
  halfClosed.stream.send('b');
  assert.equal(halfClosed.seen, ['sent a']);
  const cancelled = given([]);
  cancelled.stream.cancel();
  cancelled.stream.send('a');
  assert.equal(cancelled.seen, [[undefined, true]]);
});

test('B12 a sent tap that throws ends the stream with that; the message does not leave', async () => {
  const hand = new Hand();
  const reason = new Error('of the tap');
  const ends: unknown[] = [];
  const stream = tapStream<string, string>(hand, {
    sent() {
      throw reason;
    },
    ended: (why) => ends.push(why),
  });
  const reading = rejects(stream.forEach(() => {}));
  stream.send('a');
  assert.is(await reading, reason);
  assert.equal(hand.log, [`cancel ${String(reason)}`]);
  assert.equal(ends, [reason]);
});

test('B12 an ended tap that throws changes nothing of the end, and the process is warned once', async () => {
  const warnings: unknown[] = [];
  const listener = (warning: Error): void => void warnings.push(warning.message);
  process.on('warning', listener);
  const taps: StreamTaps<string, string> = {
    ended() {
      throw new Error('of the tap');
    },
  };
  const [well, badly, cancelled, iterated] = [new Hand(), new Hand(), new Hand(), new Hand()];
  const reading = tapStream<string, string>(well, taps).forEach(() => {});
  well.queue.end();
  await reading;
  const gone = new Error('gone');
  const failing = rejects(tapStream<string, string>(badly, taps).forEach(() => {}));
  badly.queue.fail(gone);
  assert.is(await failing, gone);
  tapStream<string, string>(cancelled, taps).cancel();
  assert.equal(cancelled.log, ['cancel']);
  const next = tapStream<string, string>(iterated, taps)[Symbol.asyncIterator]().next();
  iterated.queue.fail(gone);
  assert.is(await rejects(next), gone);
  await settle();
  process.off('warning', listener);
  assert.equal(warnings, ['etcdts: a tap failed at the end of a stream: of the tap']);
});

test('B12 what is sent early to a deferred stream that refuses it fails the reading, and cancels the stream', async () => {
  const hand = new Hand();
  const reason = new Error('of the stream');
  hand.send = () => {
    throw reason;
  };
  const making = deferred<ClientStream<string, string>>();
  const stream = deferredStream(making.promise);
  stream.send('a');
  const reading = rejects(stream.forEach(() => {}));
  making.resolve(hand);
  assert.is(await reading, reason);
  assert.equal(hand.log, [`cancel ${String(reason)}`]);
});

test('B12 a deferred stream whose forEach throws fails the reading', async () => {
  const hand = new Hand();
  const reason = new Error('of the stream');
  hand.forEach = () => {
    throw reason;
  };
  const stream = deferredStream<string, string>(Promise.resolve(hand));
  assert.is(await rejects(stream.forEach(() => {})), reason);
});

test.run();
