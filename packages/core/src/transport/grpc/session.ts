import { Metadata, type Channel } from '@grpc/grpc-js';
import type { ClientHttp2Session } from 'node:http2';

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
