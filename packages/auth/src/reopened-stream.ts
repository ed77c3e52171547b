import type { ClientStream } from '@etcdts/core';

/** A server stream that is opened again where `reopen` gives another for the reason it ended; not after its first message. */
export function reopenedStream<Req, Res>(
  first: ClientStream<Req, Res>,
  reopen: (reason: unknown) => ClientStream<Req, Res> | undefined,
): ClientStream<Req, Res> {
  let stream = first;
  let settled = false;
  const replace = (reason: unknown): void => {
    const next = settled ? undefined : reopen(reason);
    if (next === undefined) throw reason;
    stream = next;
  };
  return {
    send: (message) => stream.send(message),
    end: () => stream.end(),
    cancel(reason) {
      settled = true;
      stream.cancel(reason);
    },
    async forEach(onMessage) {
      const each = (message: Res): void => {
        settled = true;
        onMessage(message);
      };
      for (;;) {
        try {
          return await stream.forEach(each);
        } catch (reason) {
          replace(reason);
        }
      }
    },
    [Symbol.asyncIterator]() {
      let iterator = stream[Symbol.asyncIterator]();
      return {
        async next() {
          for (;;) {
            try {
              const result = await iterator.next();
              settled = true;
              return result;
            } catch (reason) {
              replace(reason);
              iterator = stream[Symbol.asyncIterator]();
            }
          }
        },
        return() {
          settled = true;
          stream.cancel();
          return Promise.resolve({ value: undefined, done: true });
        },
      };
    },
  };
}
