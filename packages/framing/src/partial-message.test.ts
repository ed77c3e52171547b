import { assert, suite } from '@etcdts/testing';
import { PartialMessage } from './partial-message.ts';

const test = suite('a message in parts');

/** A gRPC frame around a message of this length. */
function message(length: number): Buffer {
  const frame = Buffer.alloc(5 + length, 7);
  frame[0] = 0;
  frame.writeUInt32BE(length, 1);
  return frame;
}

const any = (): undefined => undefined;

/** Gives a frame to a message in parts of this size. */
function taken(bytes: Buffer, size: number): PartialMessage<string> {
  const message = new PartialMessage<string>(any);
  for (let at = 0; at < bytes.length; at += size) {
    const end = Math.min(at + size, bytes.length);
    assert.is(message.take(bytes, at, end), end);
  }
  return message;
}

test('is whole with its last byte, whatever the parts, and takes nothing of the next one', () => {
  for (const length of [0, 1, 100, 5_000_000]) {
    const bytes = message(length);
    for (const size of length > 1_000 ? [65_536, 1_000_001] : [1, 2, 5, 6, 1_000]) {
      assert.ok(taken(bytes, size).message?.equals(bytes.subarray(5)));
      assert.is(taken(bytes.subarray(0, -1), size).message, undefined);
    }
    const two = Buffer.concat([bytes, bytes]);
    assert.is(new PartialMessage(any).take(two, 0, two.length), bytes.length);
  }
});

test('claims memory as its bytes come, not as its length promises', () => {
  const promised = Buffer.from([0, 0x7f, 0xff, 0xff, 0xff, 1, 2, 3]);
  const before = process.memoryUsage().arrayBuffers;
  const many = Array.from({ length: 20 }, () => {
    const message = new PartialMessage(any);
    message.take(promised, 0, promised.length);
    return message;
  });
  assert.ok(process.memoryUsage().arrayBuffers - before < 20 * (5 << 20));
  assert.ok(
    many.every(({ message, failure, received }) => message === undefined && failure === undefined && received === 8),
  );
});

test('is refused by its prefix, before a byte of it is taken', () => {
  const refused = new PartialMessage((flag, length) => `${flag}, ${length}`);
  assert.is(refused.take(message(300), 0, 300), 5);
  assert.equal([refused.failure, refused.message], ['0, 300', undefined]);
});

test.run();
