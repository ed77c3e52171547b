import type { ClientStream } from '../call.ts';
import { reasonText } from '../errors.ts';
import { warnProcess } from '../process-warning.ts';
import { MessageQueue } from '../wire/message-queue.ts';

/** Whether a failed tap was reported. One report per process is enough, because streams end by the thousand. */
let warned = false;

/** The functions by which an interceptor observes a stream. Every function is optional. */
export interface StreamTaps<Req, Res> {
  /** Called with each message that is sent. If it throws, the stream ends with that error. */
  sent?(message: Req): void;
  /** Called with each message that is received, before the reader gets it. If it throws, the stream ends with that error. */
  received?(message: Res): void;
  /**
   * Called once at the end, with the reason of a failure or `undefined`. `cancelled` is true if the reader ended the stream. If
   * it throws, the reader still gets the end as it was, and the process emits a warning (`ETCDTS_TAP_FAILED`) the first time.
   */
  ended?(reason: unknown, cancelled: boolean): void;
}

/**
 * Returns a stream that also calls the taps. A tap costs one function call per message, and messages are passed on as they are.
 */
export function tapStream<Req, Res>(
  stream: ClientStream<Req, Res>,
  taps: StreamTaps<Req, Res>,
): ClientStream<Req, Res> {
  let over = false;
  let sending = true;
  const ended = (reason?: unknown, cancelled = false): void => {
    if (over) return;
    over = true;
    try {
      taps.ended?.(reason, cancelled);
    } catch (thrown) {
      // The stream's own end stands: its reader acts on it.
      if (!warned) warnProcess('ETCDTS_TAP_FAILED', `a tap failed at the end of a stream: ${reasonText(thrown)}`);
      warned = true;
    }
  };
  return {
    send(message) {
      try {
        if (sending && !over) taps.sent?.(message);
      } catch (reason) {
        ended(reason);
        return stream.cancel(reason);
      }
      stream.send(message);
    },
    end() {
      sending = false;
      stream.end();
    },
    cancel(reason) {
      ended(reason, true);
      stream.cancel(reason);
    },
    forEach(onMessage) {
      const { received } = taps;
      const each = received === undefined ? onMessage : (message: Res): void => (received(message), onMessage(message));
      return stream.forEach(each).then(
        () => ended(),
        (reason: unknown) => {
          ended(reason);
          throw reason;
        },
      );
    },
    [Symbol.asyncIterator]() {
      const inner = stream[Symbol.asyncIterator]();
      // This is not a generator, because its return() would wait for a message that may never come.
      return {
        async next() {
          try {
            const result = await inner.next();
            if (result.done === true) ended();
            else taps.received?.(result.value);
            return result;
          } catch (reason) {
            ended(reason);
            // If the tap itself has thrown, the stream is still open.
            stream.cancel(reason);
            throw reason;
          }
        },
        return() {
          ended(undefined, true);
          stream.cancel();
          return Promise.resolve({ value: undefined, done: true });
        },
      };
    },
  };
}

/** A stream that is still being made, for interceptors that must wait before they can open it. */
export function deferredStream<Req, Res>(making: Promise<ClientStream<Req, Res>>): ClientStream<Req, Res> {
  let stream: ClientStream<Req, Res> | undefined;
  let cancelled: { reason: unknown } | undefined;
  const early: ((stream: ClientStream<Req, Res>) => void)[] = [];
  const queue = new MessageQueue<Res>({ pull() {}, leave: () => self.cancel() });
  const opened = making.then((made) => {
    stream = made;
    if (cancelled !== undefined) made.cancel(cancelled.reason);
    try {
      for (const act of early) act(made);
    } catch (reason) {
      made.cancel(reason);
      throw reason;
    }
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
      const over = queue.forEach(() => {});
      opened
        .then((made) => made.forEach(onMessage))
        .then(
          () => queue.end(),
          (reason: unknown) => queue.fail(reason),
        );
      return over;
    },
    [Symbol.asyncIterator]() {
      // Until the stream exists, a failure to make it, or a cancel, ends the queue.
      const early = queue[Symbol.asyncIterator]();
      let inner: AsyncIterator<Res> | undefined;
      const late = async (): Promise<IteratorResult<Res>> => {
        const made = await opened;
        return (inner ??= made[Symbol.asyncIterator]()).next();
      };
      return {
        next: () => inner?.next() ?? Promise.race([early.next(), late()]),
        return: () => {
          self.cancel();
          return Promise.resolve({ value: undefined, done: true });
        },
      };
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
