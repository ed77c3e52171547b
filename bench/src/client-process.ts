// One client's warm process.
import type { ClientName } from './clients/index.ts';
import type { Target } from './clients/subject.ts';
import { type Peer, linePeer, nodePeer } from './process.ts';
import type { Slice, SliceTask } from './measuring.ts';
import type { Task } from './worker.ts';
import type { Operation } from './workload.ts';

/** The parameters of a client's process. */
export interface ClientProcessOptions {
  /** The program of Go's client. */
  readonly go?: string | undefined;
  /** The Node that the client runs on. Defaults to that of the run. */
  readonly node?: string | undefined;
  /** The name under which the client is measured. Defaults to its own. */
  readonly label?: string | undefined;
  readonly profile?: string | undefined;
}

export class ClientProcess {
  readonly client: ClientName;
  readonly label: string;
  /** The peak memory of the process so far. */
  peakRssKiB = 0;
  private readonly peer: Peer;

  constructor(client: ClientName, { go, node, label = client, profile }: ClientProcessOptions = {}) {
    this.client = client;
    this.label = label;
    if (client === 'go') {
      if (go === undefined) throw new Error('there is no Go client');
      this.peer = linePeer(go);
      return;
    }
    const profiling = profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`];
    const execArgv = ['--expose-gc', ...profiling];
    this.peer = nodePeer('worker.js', [client], { execArgv, ...(node !== undefined && { node }) });
  }

  /** Connects the client and checks one answer. */
  async open(target: Target, operation: Operation): Promise<void> {
    await this.request({ type: 'open', operation, ...target });
  }

  async slice(task: SliceTask): Promise<Slice> {
    return (await this.request({ type: 'slice', ...task })) as Slice;
  }

  async seed(): Promise<void> {
    await this.request({ type: 'seed' });
  }

  /** Grants leases and keeps them alive until `close`. */
  async hold(): Promise<void> {
    await this.request({ type: 'hold' });
  }

  async beginSlice(): Promise<void> {
    await this.request({ type: 'begin' });
  }

  async endSlice(): Promise<Slice> {
    return (await this.request({ type: 'end' })) as Slice;
  }

  /** The memory of the leases that are held. */
  async memory(): Promise<Slice> {
    return (await this.request({ type: 'memory' })) as Slice;
  }

  async close(): Promise<void> {
    this.peakRssKiB = (await this.request({ type: 'close' })) as number;
  }

  end(): Promise<void> {
    return this.peer.end();
  }

  private async request(task: Task): Promise<unknown> {
    try {
      const reply = (await this.peer.request(task)) as { readonly result?: unknown; readonly error?: string };
      if (reply.error !== undefined) throw new Error(reply.error);
      return reply.result;
    } catch (cause) {
      const { type } = task;
      const operation = 'operation' in task ? ` of ${task.operation}` : '';
      throw new Error(`${this.label}: ${type}${operation} failed`, { cause });
    }
  }
}
