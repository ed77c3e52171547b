import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { createClient } from '@etcdts/core';
import { eventually, findEtcd } from '@etcdts/testing';

/** etcd's own grpc-proxy in front of an etcd. It can be ended and started again at the same address. */
export class GrpcProxy {
  readonly address: string;
  readonly #endpoint: string;
  #child: ChildProcess | undefined;

  private constructor(endpoint: string, address: string) {
    this.#endpoint = endpoint;
    this.address = address;
  }

  /** Starts one. It serves when this resolves. */
  static async start(endpoint: string): Promise<GrpcProxy> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    server.close();
    await once(server, 'close');
    const proxy = new GrpcProxy(endpoint, address);
    await proxy.start();
    return proxy;
  }

  async start(): Promise<void> {
    const { path } = await findEtcd();
    const flags = [
      `--endpoints=${this.#endpoint}`,
      `--listen-addr=${this.address}`,
      `--advertise-client-url=${this.address}`,
    ];
    this.#child = spawn(path, ['grpc-proxy', 'start', ...flags], { stdio: 'ignore' });
    await once(this.#child, 'spawn');
    await using client = createClient({ endpoints: [this.address] });
    await eventually(() => client.kv.get('up', { timeoutMs: 500 }));
  }

  /** Ends it at once. */
  async stop(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }
}
