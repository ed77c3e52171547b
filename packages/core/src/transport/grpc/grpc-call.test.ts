import { assert, suite } from '@etcdts/testing';
import { GrpcCall } from './grpc-call.ts';

const test = suite('grpc call');

/** A call of grpc-js as far as sending goes: it says what it is given, and `written` says that it wrote one message. */
function start(): { call: GrpcCall; log: string[]; written(): void } {
  const log: string[] = [];
  const callbacks: (() => void)[] = [];
  const wire = {
    sendMessageWithContext(context: { callback(): void }, message: Buffer): void {
      log.push(message.toString());
      callbacks.push(() => context.callback());
    },
    halfClose: () => void log.push('end'),
  };
  const listener = { onMessage(): void {}, onEnd(): void {} };
  const call = new GrpcCall(wire as never, listener, new Set(), () => {});
  return { call, log, written: () => callbacks.shift()?.() };
}

const frame = (text: string): Buffer => Buffer.from(`\0\0\0\0\0${text}`);

test('gives grpc-js one message until that is written, for it would forget the others; then all', () => {
  const { call, log, written } = start();
  for (const text of ['a', 'b', 'c']) call.send(frame(text));
  assert.equal(log, ['a']);
  written();
  assert.equal(log, ['a', 'b', 'c']);
  call.send(frame('d'));
  assert.equal(log, ['a', 'b', 'c', 'd']);
});

test('half-closes at once after one message, for unary calls', () => {
  const { call, log, written } = start();
  call.send(frame('a'));
  call.halfClose();
  assert.equal(log, ['a', 'end']);
  written();
  assert.equal(log, ['a', 'end']);
});

test('half-closes after the last of many messages is written', () => {
  const { call, log, written } = start();
  call.send(frame('a'));
  call.send(frame('b'));
  call.halfClose();
  written();
  assert.equal(log, ['a', 'b']);
  written();
  assert.equal(log, ['a', 'b', 'end']);

  const late = start();
  late.call.send(frame('a'));
  late.written();
  late.call.send(frame('b'));
  late.call.send(frame('c'));
  late.call.halfClose();
  late.written();
  assert.equal(late.log, ['a', 'b', 'c']);
  late.written();
  assert.equal(late.log, ['a', 'b', 'c', 'end']);
});

test.run();
