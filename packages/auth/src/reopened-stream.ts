import type { ClientStream } from '@etcdts/core/plugin';

/** A stream that is opened again where `reopen` gives another for the reason it ended; not after its first message. */
export function reopenedStream<Req, Res>(
  first: ClientStream<Req, Res>,
  reopen: (reason: unknown) => ClientStream<Req, Res> | undefined,
): ClientStream<Req, Res> {
  let stream = first;
  /** What was sent, for the next stream; kept until there can be none. */
  let sent: Req[] | undefined = [];
  let ended = false;
  const settle = (): void => void (sent = undefined);
  const replace = (reason: unknown): void => {
    const next = sent === undefined ? undefined : reopen(reason);
    if (next === undefined) throw reason;
    stream = next;
    for (const message of sent ?? []) next.send(message);
    if (ended) next.end();
  };
  return {
    send(message) {
      if (!ended) sent?.push(message);
      stream.send(message);
    },
    end() {
      ended = true;
      stream.end();
    },
    cancel(reason) {
      settle();
      stream.cancel(reason);
    },
    async forEach(onMessage) {
      const each = (message: Res): void => {
        settle();
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
              settle();
              return result;
            } catch (reason) {
              replace(reason);
              iterator = stream[Symbol.asyncIterator]();
            }
          }
        },
        return() {
          settle();
          stream.cancel();
          return Promise.resolve({ value: undefined, done: true });
        },
      };
    },
  };
}
