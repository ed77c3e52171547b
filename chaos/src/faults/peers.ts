import { startProxy, type FaultProxy } from '@etcdts/testing';

/** How etcd says in the first bytes of each connection to a peer which member sends. */
const FROM = /^X-Server-From: ([0-9a-f]+)\r$/im;

/** The links between the members, each way by itself: a proxy before each member, which learns of each connection whose it is. */
export class Peers {
  readonly #proxies: FaultProxy[] = [];
  readonly #blocked: Set<string> = new Set();

  /** Puts a proxy before a member, for `startCluster`. */
  readonly via = async (endpoint: string): Promise<string> => {
    const proxy = await startProxy(endpoint);
    const to = this.#proxies.push(proxy) - 1;
    const from = new Map<number, string>();
    proxy.onChunk = (direction, chunk, { id }) => {
      if (direction === 'toServer' && !from.has(id)) {
        const member = FROM.exec(chunk.subarray(0, 2_048).toString('latin1'))?.[1];
        if (member !== undefined) from.set(id, member);
      }
      const member = from.get(id);
      return member !== undefined && this.#blocked.has(`${member} ${to}`) ? 'cut' : 'pass';
    };
    return proxy.endpoint;
  };

  /** Lets nothing pass from a member, by its id in hexadecimal digits, to the one with this index. */
  block(from: string, to: number): void {
    this.#blocked.add(`${from} ${to}`);
  }

  heal(): void {
    this.#blocked.clear();
  }

  async close(): Promise<void> {
    await Promise.all(this.#proxies.map((proxy) => proxy.close()));
  }
}
