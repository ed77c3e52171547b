import { Metadata, type Channel } from '@grpc/grpc-js';
import type { Settings } from 'node:http2';

/** The private path by which grpc-js 1.14 keeps the HTTP/2 session of a ready channel. There is no public one. */
interface ReadyChannel {
  readonly internalChannel: {
    readonly currentPicker: {
      pick(call: { metadata: Metadata; extraPickInfo: object }): {
        readonly subchannel: {
          getRealSubchannel(): { readonly transport: { readonly session: { readonly remoteSettings: Settings } } };
        };
      };
    };
  };
}

/**
 * Makes a function that reads how many streams the peer of a ready channel allows at a time (SETTINGS_MAX_CONCURRENT_STREAMS).
 * Another version of grpc-js may keep the session elsewhere. The function then returns Infinity, and calls beyond the limit
 * wait inside of Node, where they count as sent.
 */
export function streamLimitOf(channel: Channel): () => number {
  try {
    const { currentPicker } = (channel as unknown as ReadyChannel).internalChannel;
    const { subchannel } = currentPicker.pick({ metadata: new Metadata(), extraPickInfo: {} });
    const { session } = subchannel.getRealSubchannel().transport;
    return () => session.remoteSettings.maxConcurrentStreams ?? Infinity;
  } catch {
    return () => Infinity;
  }
}
