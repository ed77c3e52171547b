import { experimental, type ChannelOptions } from '@grpc/grpc-js';
import type { Endpoint } from '../endpoints.ts';

const SCHEME = 'etcdts';
const ADDRESS = 'etcdts.address';

/** The options of Node's `net.connect`. grpc-js passes the address object on as it is. */
type Address = ({ host: string; port: number } | { path: string }) & { readonly signal: AbortSignal };

/**
 * A grpc-js resolver that resolves to the one address it was made for; names are looked up above. The address carries a signal.
 * Without it, nothing could end a TCP connect to a host that never answers, and the process would wait until the kernel gives up.
 */
class AddressResolver implements experimental.Resolver {
  readonly #listener: experimental.ResolverListener;
  readonly #address: Address;
  #live = false;

  constructor(_target: experimental.GrpcUri, listener: experimental.ResolverListener, options: ChannelOptions) {
    this.#listener = listener;
    this.#address = (options as Record<string, unknown>)[ADDRESS] as Address;
  }

  updateResolution(): void {
    // grpc-js resolves again after each failure to connect. The same answer would lead to the same failure, without end.
    if (this.#live) return;
    this.#live = true;
    process.nextTick(() => {
      if (!this.#live) return;
      this.#listener(experimental.statusOrFromValue([{ addresses: [this.#address] }]), {}, null, '');
    });
  }

  destroy(): void {
    this.#live = false;
  }

  static getDefaultAuthority(target: experimental.GrpcUri): string {
    return target.path;
  }
}

experimental.registerResolver(SCHEME, AddressResolver);

/** The grpc-js target and channel option that lead to an endpoint; `signal` destroys its socket, in every phase. */
export function targetOf(endpoint: Endpoint, signal: AbortSignal): { target: string; options: ChannelOptions } {
  const { host, ip = host, port, socketPath } = endpoint;
  const place = socketPath === undefined ? { host: ip, port } : { path: socketPath };
  const address: Address = {
    ...place,
    get signal() {
      // A channel that is closed while it waits after a failure connects once more. Node connects even if the signal is already
      // aborted, and nothing would ever end that connection.
      signal.throwIfAborted();
      return signal;
    },
  };
  return { target: `${SCHEME}:endpoint`, options: { [ADDRESS]: address } };
}
