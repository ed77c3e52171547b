// The processes of the dealer. Each gets one message at a time, and sends one answer.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { ClientName } from './clients/index.ts';
import type { FakeAddresses } from './fake/server.ts';
import type { Slice, SliceTask } from './slice.ts';
import type { Task } from './worker.ts';
import type { Operation } from './workload.ts';

const PATIENCE_MS = 60_000;

function start(file: string, args: readonly string[], execArgv: readonly string[] = []): ChildProcess {
  return fork(fileURLToPath(new URL(file, import.meta.url)), args, { execArgv: [...execArgv] });
}

async function answer(child: ChildProcess): Promise<unknown> {
  const abort = new AbortController();
  const signal = AbortSignal.any([abort.signal, AbortSignal.timeout(PATIENCE_MS)]);
  try {
    const [message] = await Promise.race([
      once(child, 'message', { signal }),
      once(child, 'exit', { signal }).then(([code]) => Promise.reject(new Error(`exited with ${code}`))),
    ]);
    return message;
  } finally {
    abort.abort();
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const exited = once(child, 'exit');
  child.disconnect();
  await exited;
}

/** One client's warm process. */
export class Worker {
  readonly client: ClientName;
  /** The peak memory of the process so far. */
  peakRssKiB = 0;
  private readonly child: ChildProcess;

  constructor(client: ClientName, execArgv: readonly string[] = []) {
    this.client = client;
    this.child = start('worker.js', [client], execArgv);
  }

  /** Connects the client and checks one answer. */
  async open(address: string, operation: Operation): Promise<void> {
    await this.ask({ type: 'open', address, operation });
  }

  async slice(task: SliceTask): Promise<Slice> {
    return (await this.ask({ type: 'slice', ...task })) as Slice;
  }

  async seed(): Promise<void> {
    await this.ask({ type: 'seed' });
  }

  async close(): Promise<void> {
    this.peakRssKiB = (await this.ask({ type: 'close' })) as number;
  }

  end(): Promise<void> {
    return end(this.child);
  }

  private async ask(task: Task): Promise<unknown> {
    const answered = answer(this.child);
    this.child.send(task);
    try {
      const reply = (await answered) as { readonly result?: unknown; readonly error?: string };
      if (reply.error !== undefined) throw new Error(reply.error);
      return reply.result;
    } catch (cause) {
      throw new Error(`${this.client}: ${JSON.stringify(task)} failed`, { cause });
    }
  }
}

/** The fake server's process. */
export class FakeServer {
  readonly addresses: FakeAddresses;
  private readonly child: ChildProcess;

  private constructor(child: ChildProcess, addresses: FakeAddresses) {
    this.child = child;
    this.addresses = addresses;
  }

  static async start(): Promise<FakeServer> {
    const child = start('fake/server.js', []);
    const { addresses } = (await answer(child)) as { readonly addresses: FakeAddresses };
    return new FakeServer(child, addresses);
  }

  /** The user and system time so far, in microseconds. */
  async cpuMicros(): Promise<number> {
    const answered = answer(this.child);
    this.child.send('cpu');
    return ((await answered) as { readonly cpuMicros: number }).cpuMicros;
  }

  end(): Promise<void> {
    return end(this.child);
  }
}
