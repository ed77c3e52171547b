// Where a soak of transfers happens: a cluster behind proxies that cut connections, and the programs that move money.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { createClient, type EtcdClient } from '@etcdts/core';
import { startCluster, startProxy, type EtcdCluster, type FaultProxy } from '@etcdts/testing';
import { openAccounts, type Round } from './round.ts';

/** A program that takes part: its name, and the command that runs it. */
export interface Mover {
  readonly name: string;
  readonly command: readonly string[];
}

/** The program over transact. */
export const ours: Mover = {
  name: 'transact',
  command: [process.execPath, fileURLToPath(new URL('worker.js', import.meta.url))],
};

/** A cluster of three members, each behind a proxy, of which one cuts its connections every few hundred milliseconds. */
export class TransferStage implements AsyncDisposable {
  readonly direct: EtcdClient;
  readonly #cluster: EtcdCluster;
  readonly #proxies: readonly FaultProxy[];
  cuts = 0;

  private constructor(cluster: EtcdCluster, proxies: readonly FaultProxy[]) {
    this.#cluster = cluster;
    this.#proxies = proxies;
    this.direct = createClient({ endpoints: cluster.endpoints });
  }

  static async start(): Promise<TransferStage> {
    const cluster = await startCluster();
    return new TransferStage(cluster, await Promise.all(cluster.members.map(({ endpoint }) => startProxy(endpoint))));
  }

  get version(): string {
    return this.#cluster.version;
  }

  open(mover: Mover): Promise<void> {
    return openAccounts(this.direct, prefixOf(mover));
  }

  /** Lets a program move money under cuts. Rejects if it fails. */
  async run(mover: Mover, round: number, seconds: number): Promise<Round> {
    const [program = '', ...args] = mover.command;
    const endpoints = this.#proxies.map(({ endpoint }) => endpoint).join(',');
    const child = spawn(program, [...args, endpoints, prefixOf(mover), String(round), String(seconds)], {
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: seconds * 1_000 + 60_000,
      killSignal: 'SIGKILL',
    });
    let running = true;
    const storm = this.#cut(() => running);
    try {
      const [output, errors, [code]] = await Promise.all([
        text(child.stdout),
        text(child.stderr),
        once(child, 'close'),
      ]);
      if (code !== 0) throw new Error(`${mover.name} ended with ${code}: ${errors.slice(-2_000)}`);
      return JSON.parse(output) as Round;
    } finally {
      running = false;
      await storm;
    }
  }

  async #cut(running: () => boolean): Promise<void> {
    while (running()) {
      await new Promise((resolve) => setTimeout(resolve, 100 + Math.random() * 400));
      this.#proxies[Math.floor(Math.random() * this.#proxies.length)]?.cut();
      this.cuts++;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.direct.close();
    await Promise.all(this.#proxies.map((proxy) => proxy.close()));
    await this.#cluster.close();
  }
}

/** The prefix of a program's accounts. */
export function prefixOf({ name }: Mover): string {
  return `transfers/${name}/`;
}
