// What unit tests of the pipeline stand on: a transport that connects at once and answers as the test says.
import type { Metadata } from '../metadata.ts';
import type { Transport, WireStatus } from '../transport/transport.ts';

/** One call that reached a connection. */
export interface ReachedCall {
  readonly address: string;
  readonly path: string;
  readonly metadata: Metadata;
}

/** etcd's refusal without more: the answer if a test only looks at what was sent. */
export const notCapable: WireStatus = { code: 9, details: 'etcdserver: not capable', reach: 'sent' };

/** Answers every call with `status`, or never if there is none; `reached` has what came. */
export function fakeTransport(
  status: (call: ReachedCall) => WireStatus | undefined,
): Transport & { readonly reached: ReachedCall[] } {
  const reached: ReachedCall[] = [];
  return {
    name: 'fake',
    reached,
    connect: (endpoint) => ({
      endpoint,
      connect: (observer) => queueMicrotask(() => observer.onReady()),
      start(path, metadata, listener) {
        const call = { address: endpoint.address, path, metadata };
        reached.push(call);
        const answer = status(call);
        if (answer !== undefined) queueMicrotask(() => listener.onEnd(answer));
        return { send() {}, halfClose() {}, read() {}, cancel() {} };
      },
      close() {},
    }),
  };
}
