// A counter outside of etcd, over HTTP. It refuses a token that is lower than the highest that it has seen.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { REFUSED, TOKEN } from './offer.ts';

/** A write of a counter: the count, and the token of who wrote it. */
export interface Count {
  readonly count: number;
  readonly token: bigint;
}

export class Resource implements AsyncDisposable {
  /** The counts that it has accepted, in order. */
  readonly accepted: Count[] = [];
  readonly #server: Server;
  #token = 0n;

  private constructor(server: Server) {
    this.#server = server;
    server.on('request', (request, response) => {
      const answer = this.#take(request);
      response.writeHead(answer === undefined ? REFUSED : 200).end(String(answer));
    });
  }

  static async start(): Promise<Resource> {
    const server = createServer();
    const resource = new Resource(server);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return resource;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }

  /** Nothing else runs between the comparison and the write. A resource with a disk writes token and data at once. */
  #take({ headers, url = '' }: IncomingMessage): number | undefined {
    const token = BigInt(String(headers[TOKEN]));
    const count = new URL(url, this.url).searchParams.get('count');
    if (token < this.#token) return undefined;
    this.#token = token;
    if (count !== null) this.accepted.push({ count: Number(count), token });
    return this.accepted.at(-1)?.count ?? 0;
  }
}
