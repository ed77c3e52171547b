import { Metadata } from '@grpc/grpc-js';
import { assert, suite } from '@etcdts/testing';
import type { WireStatus } from '../transport.ts';
import { GrpcCall } from './grpc-call.ts';

const test = suite('grpc call');

/** A call of grpc-js as far as sending goes: it says what it is given, and `written` says that it wrote one message. */
function start(): { call: GrpcCall; log: string[]; written(): void; wire: object } {
  const log: string[] = [];
  const callbacks: (() => void)[] = [];
  const wire = {
    sendMessageWithContext(context: { callback(): void }, message: Buffer): void {
      log.push(message.toString());
      callbacks.push(() => context.callback());
    },
    halfClose: () => void log.push('end'),
    cancelWithStatus: () => void (log.at(-1) === 'cancel' || log.push('cancel')),
  };
  const listener = { onMessage(): void {}, onEnd(): void {} };
  const call = new GrpcCall(wire as never, listener, new Set(), () => {});
  return { call, log, written: () => callbacks.shift()?.(), wire };
}

test('a stream that was refused is reported as such in both of the ways in which Node and grpc-js say so', () => {
  const texts = [
    ['Stream refused by server', 'refused'],
    ['Write error: Stream closed with error code NGHTTP2_REFUSED_STREAM', 'refused'],
    ['Write error: Stream closed with error code NGHTTP2_CANCEL', 'sent'],
    ['proxy: Stream refused by server', 'sent'],
  ] as const;
  for (const [details, expected] of texts) {
    const ends: (string | undefined)[] = [];
    const listener = { onMessage(): void {}, onEnd: ({ reach }: WireStatus): void => void ends.push(reach) };
    const wire = { getAuthContext: () => ({}) };
    const call = new GrpcCall(wire as never, listener, new Set(), () => {});
    call.onReceiveStatus({ code: 14, details, metadata: new Metadata() });
    assert.equal(ends, [expected], details);
  }
});

const frame = (text: string): Buffer => Buffer.from(`\0\0\0\0\0${text}`);

test('gives grpc-js one message at a time, for it would forget others, or write each in a turn of its own', () => {
  const { call, log, written } = start();
  for (const text of ['a', 'b', 'c']) call.send(frame(text));
  assert.equal(log, ['a']);
  written();
  assert.equal(log, ['a', 'b']);
  written();
  assert.equal(log, ['a', 'b', 'c']);
  call.send(frame('d'));
  written();
  assert.equal(log, ['a', 'b', 'c', 'd']);
  written();
  call.send(frame('e'));
  assert.equal(log, ['a', 'b', 'c', 'd', 'e']);
});

test('writes messages that wait at once, with their prefixes, where grpc-js shows its stream', () => {
  const { call, log, written, wire } = start();
  const callbacks: (() => void)[] = [];
  const stream = {
    write(bytes: Buffer, callback: () => void): void {
      log.push(bytes.toString());
      callbacks.push(callback);
    },
  };
  Object.assign(wire, { child: { underlyingCalls: [{ call: { child: { http2Stream: stream } } }] } });
  for (const text of ['a', 'b', 'c']) call.send(frame(text));
  written();
  assert.equal(log, ['a', `${frame('b').toString()}${frame('c').toString()}`]);
  call.send(frame('d'));
  call.halfClose();
  assert.is(log.length, 2, 'what comes meanwhile waits');
  callbacks.shift()?.();
  assert.is(log[2], 'd', 'one message goes the usual way');
  written();
  assert.is(log[3], 'end');
});

test('writes nothing more of a call that has ended', () => {
  const { call, log, written } = start();
  for (const text of ['a', 'b']) call.send(frame(text));
  call.cancel();
  written();
  assert.equal(log, ['a', 'cancel']);
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
