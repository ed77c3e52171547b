// What the unit tests of metrics stand on: an innermost interceptor in place of etcd, which answers by hand.
import type { ResponseHeader } from '@etcdts/core';
import type { Call, ClientStream, Interceptor } from '@etcdts/core/plugin';

export const header: ResponseHeader = { clusterId: 1n, memberId: 2n, revision: 3n, raftTerm: 4n };

/** A stream whose server side is spoken by the test. */
export class FakeStream implements ClientStream<unknown, unknown> {
  readonly call: Call;
  readonly sent: unknown[] = [];
  cancelled = false;
  #onMessage: (message: unknown) => void = () => {};
  #end: { resolve(): void; reject(reason: unknown): void } | undefined;

  constructor(call: Call) {
    this.call = call;
  }

  send(message: unknown): void {
    this.sent.push(message);
  }

  end(): void {}

  cancel(): void {
    this.cancelled = true;
  }

  forEach(onMessage: (message: unknown) => void): Promise<void> {
    this.#onMessage = onMessage;
    return new Promise((resolve, reject) => (this.#end = { resolve, reject }));
  }

  /** Those that are pulled give two messages and end. */
  async *[Symbol.asyncIterator](): AsyncGenerator<unknown> {
    for (let i = 0; i < 2; i++) yield { rangeResponse: { header, kvs: [], more: false, count: 0 } };
  }

  push(message: unknown): void {
    this.#onMessage(message);
  }

  finish(): void {
    this.#end?.resolve();
  }

  fail(reason: unknown): void {
    this.#end?.reject(reason);
  }
}

/** In place of etcd: `answer` has the replies of unary calls, `streams` what was opened. */
export class FakeServer implements Interceptor {
  readonly name = 'server';
  readonly streams: FakeStream[] = [];
  answer: (call: Call) => unknown = () => ({ header });

  unary: NonNullable<Interceptor['unary']> = () => async (call) => this.answer(call as Call) as never;

  stream: NonNullable<Interceptor['stream']> = () => (call) => {
    const stream = new FakeStream(call as Call);
    this.streams.push(stream);
    return stream as never;
  };

  get latest(): FakeStream {
    return this.streams.at(-1) as FakeStream;
  }
}
