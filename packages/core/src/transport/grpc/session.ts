// The private paths into grpc-js. Each has an answer for a version of grpc-js that has no such path.
import { Metadata, type Channel } from '@grpc/grpc-js';
import type { ClientHttp2Session, ClientHttp2Stream } from 'node:http2';

/** The private path by which grpc-js 1.14 keeps the HTTP/2 session of a ready channel. There is no public one. */
interface ReadyChannel {
  readonly internalChannel: {
    readonly currentPicker: {
      pick(call: { metadata: Metadata; extraPickInfo: object }): {
        readonly subchannel: {
          getRealSubchannel(): { readonly transport: { readonly session: ClientHttp2Session } };
        };
      };
    };
  };
}

/**
 * The HTTP/2 session of a channel that is ready; `undefined` if another version of grpc-js keeps it elsewhere. It is only looked
 * at: what cannot be seen then is the peer's limit of streams, and that a peer takes its leave.
 */
export function sessionOf(channel: Channel): ClientHttp2Session | undefined {
  try {
    const { currentPicker } = (channel as unknown as ReadyChannel).internalChannel;
    const { subchannel } = currentPicker.pick({ metadata: new Metadata(), extraPickInfo: {} });
    return subchannel.getRealSubchannel().transport.session;
  } catch {
    return undefined;
  }
}

/** The private path by which grpc-js 1.14 keeps the HTTP/2 stream of a call that has sent a message. */
interface StartedCall {
  readonly child?: {
    readonly underlyingCalls?: readonly {
      readonly call?: { readonly child?: { readonly http2Stream?: ClientHttp2Stream } | null };
    }[];
  } | null;
}

/**
 * The HTTP/2 stream of a call that has sent a message; `undefined` if another version of grpc-js keeps it elsewhere. grpc-js
 * writes one message in each turn of the event loop. Many that are written here at once cost half as much, because they share
 * frames and system calls.
 */
export function streamOf(call: object): ClientHttp2Stream | undefined {
  const stream = (call as StartedCall).child?.underlyingCalls?.[0]?.call?.child?.http2Stream;
  return typeof stream?.write === 'function' ? stream : undefined;
}
