import type { EtcdClient, EtcdOperations } from '@etcdts/core';

/** Which members answer requested bookmarks correctly: from etcd 3.4.25, 3.5.8 and 3.6 on, they come behind all events before them. */
export class Members {
  readonly #client: EtcdOperations;
  /** What the application states of all members; `undefined` to look at their versions. */
  readonly #trusted: boolean | undefined;
  readonly #right: Map<bigint, boolean> = new Map();
  #learning: Promise<void> | undefined;

  constructor(client: EtcdOperations, trusted: boolean | undefined) {
    this.#client = client;
    this.#trusted = trusted;
  }

  /** Whether the bookmarks of a member count. A member that is not known is looked up, and does not count meanwhile. */
  isRight(memberId: bigint): boolean {
    if (this.#trusted !== undefined) return this.#trusted;
    const known = this.#right.get(memberId);
    if (known === undefined) void this.learn();
    return known === true;
  }

  /** Reads the versions of all members, if the client can: a wrapped one cannot. */
  learn(): Promise<void> {
    if (this.#trusted !== undefined || !isWhole(this.#client)) return Promise.resolve();
    const client = this.#client;
    return (this.#learning ??= Promise.all(client.endpoints.map((endpoint) => this.#look(client, endpoint))).then(
      () => {
        this.#learning = undefined;
      },
    ));
  }

  async #look(client: EtcdClient, endpoint: string): Promise<void> {
    try {
      const { header, version } = await client.maintenance.status(endpoint);
      this.#right.set(header.memberId, isRightVersion(version));
    } catch {
      // It stays unknown, and is looked up again with its next bookmark.
    }
  }
}

function isWhole(client: EtcdOperations): client is EtcdClient {
  return 'maintenance' in client && 'endpoints' in client;
}

function isRightVersion(version: string): boolean {
  const [major = 0, minor = 0, patch = 0] = version.split('.').map((part) => Number.parseInt(part, 10));
  if (major !== 3) return major > 3;
  if (minor === 4) return patch >= 25;
  return minor === 5 ? patch >= 8 : minor > 5;
}
