import type { ClientStream } from '../call.ts';
import { MessageQueue } from './message-queue.ts';

/** What an interceptor sees of a stream that it taps; every function is optional. */
export interface StreamTaps<Req, Res> {
  /** A message on its way out. */
  sent?(message: Req): void;
  /** A message on its way in, before its reader has it. */
  received?(message: Res): void;
  /** The stream has ended: well, or with a reason. Called once. */
  ended?(reason?: unknown): void;
}

/**
 * The same stream with somebody looking on. What is tapped costs one function call a message, however many interceptors
 * there are; messages themselves are passed through as they are.
 */
export function tapStream<Req, Res>(stream: ClientStream<Req, Res>, taps: StreamTaps<Req, Res>): ClientStream<Req, Res> {
  let over = false;
  const ended = (reason?: unknown): void => {
    if (over) return;
    over = true;
    taps.ended?.(reason);
  };
  return {
    send(message) {
      taps.sent?.(message);
      stream.send(message);
    },
    end: () => stream.end(),
    cancel(reason) {
      ended(reason);
      stream.cancel(reason);
    },
    forEach(onMessage) {
      const { received } = taps;
      const each = received === undefined ? onMessage : (message: Res): void => (received(message), onMessage(message));
      return stream.forEach(each).then(ended, (reason: unknown) => {
        ended(reason);
        throw reason;
      });
    },
    async *[Symbol.asyncIterator]() {
      try {
        for await (const message of stream) {
          taps.received?.(message);
          yield message;
        }
        ended();
      } catch (reason) {
        ended(reason);
        throw reason;
      } finally {
        ended();
      }
    },
  };
}

/** A stream that is still being made: for interceptors that must wait for something before they can open it. */
export function deferredStream<Req, Res>(making: Promise<ClientStream<Req, Res>>): ClientStream<Req, Res> {
  let stream: ClientStream<Req, Res> | undefined;
  let cancelled: { reason: unknown } | undefined;
  const early: ((stream: ClientStream<Req, Res>) => void)[] = [];
  const queue = new MessageQueue<Res>({ pull() {}, leave: () => self.cancel() });
  const opened = making.then((made) => {
    stream = made;
    if (cancelled !== undefined) made.cancel(cancelled.reason);
    for (const act of early) act(made);
    return made;
  });
  opened.catch((reason: unknown) => queue.fail(reason));
  const act = (action: (stream: ClientStream<Req, Res>) => void): void => {
    if (stream === undefined) early.push(action);
    else action(stream);
  };
  const self: ClientStream<Req, Res> = {
    send: (message) => act((made) => made.send(message)),
    end: () => act((made) => made.end()),
    cancel(reason) {
      cancelled ??= { reason };
      if (reason === undefined) queue.end();
      else queue.fail(reason);
      stream?.cancel(reason);
    },
    forEach(onMessage) {
      opened.then(
        (made) => made.forEach(onMessage).then(() => queue.end(), (reason: unknown) => queue.fail(reason)),
        () => {},
      );
      return queue.forEach(() => {});
    },
    async *[Symbol.asyncIterator]() {
      if (cancelled !== undefined) return;
      yield* await opened;
    },
  };
  return self;
}

/** A stream that failed before it began. */
export function failedStream<Req, Res>(reason: unknown): ClientStream<Req, Res> {
  const queue = new MessageQueue<Res>({ pull() {}, leave() {} });
  queue.fail(reason);
  return {
    send() {},
    end() {},
    cancel() {},
    forEach: (onMessage) => queue.forEach(onMessage),
    [Symbol.asyncIterator]: () => queue[Symbol.asyncIterator](),
  };
}
