// The warm processes of all clients.
import { ClientProcess } from './client-process.ts';
import type { ClientName } from './clients/index.ts';
import type { Target } from './clients/subject.ts';
import { warmUp } from './dealer.ts';
import type { Series } from './series.ts';

/** A client on a Node, and the name under which it is measured. */
export interface Entry {
  readonly client: ClientName;
  readonly node: string;
  readonly label: string;
}

/** What all processes share. */
export interface PoolOptions {
  readonly go: string | undefined;
  readonly profile: string | undefined;
}

export class Pool {
  private readonly entries: readonly Entry[];
  private readonly options: PoolOptions;
  private processes: readonly ClientProcess[];

  constructor(entries: readonly Entry[], options: PoolOptions) {
    this.entries = entries;
    this.options = options;
    this.processes = this.start();
  }

  /** The processes of a row. */
  of({ clients }: Series): readonly ClientProcess[] {
    return this.processes.filter(({ client }) => clients.includes(client));
  }

  warmUp(target: Target, operations: number): Promise<void> {
    return warmUp(this.processes, target, operations);
  }

  /** Starts all processes anew, because the state of one that failed is unknown. */
  async renew(): Promise<void> {
    await this.end();
    this.processes = this.start();
  }

  peakRssMiB(): Record<string, number> {
    return Object.fromEntries(this.processes.map(({ label, peakRssKiB }) => [label, Math.round(peakRssKiB / 1024)]));
  }

  async end(): Promise<void> {
    await Promise.all(this.processes.map((one) => one.end()));
  }

  private start(): ClientProcess[] {
    return this.entries.map(({ client, ...rest }) => new ClientProcess(client, { ...rest, ...this.options }));
  }
}
