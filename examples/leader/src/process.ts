// A process of the example, with a connection of its own to etcd that can be taken away.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { startProxy, type FaultProxy } from '@etcdts/testing';

const PATIENCE_MS = 15_000;

/** What a process is started with. */
export interface Setting {
  readonly endpoint: string;
  readonly resource: string;
  readonly prefix: string;
}

interface Waiter {
  readonly text: string;
  found(line: string): void;
}

export class Candidate implements AsyncDisposable {
  readonly name: string;
  /** The network between the process and etcd. */
  readonly network: FaultProxy;
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown>;
  readonly #waiters: Set<Waiter> = new Set();

  private constructor(name: string, network: FaultProxy, { resource, prefix }: Setting) {
    this.name = name;
    this.network = network;
    const env = { ...process.env, ETCD_ENDPOINTS: network.endpoint, RESOURCE: resource };
    const program = fileURLToPath(new URL('worker.js', import.meta.url));
    const child = spawn(process.execPath, [program, name, prefix], { env, stdio: ['ignore', 'pipe', 'inherit'] });
    this.#child = child;
    this.#exited = once(child, 'exit');
    createInterface({ input: child.stdout }).on('line', (line) => this.#take(line));
  }

  static async start(name: string, setting: Setting): Promise<Candidate> {
    return new Candidate(name, await startProxy(setting.endpoint), setting);
  }

  /** Resolves with the next line, from now on, that begins with the text. */
  next(text: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => {
        this.#waiters.delete(waiter);
        reject(new Error(`${this.name} does not print "${text}"`));
      }, PATIENCE_MS);
      const found = (line: string): void => {
        clearTimeout(late);
        this.#waiters.delete(waiter);
        resolve(line);
      };
      const waiter = { text, found };
      this.#waiters.add(waiter);
    });
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Resolves with the exit code, or the signal that has ended the process. */
  async exit(): Promise<number | string> {
    await this.#exited;
    return this.#child.exitCode ?? String(this.#child.signalCode);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.signal('SIGKILL');
    await this.#exited;
    await this.network.close();
  }

  #take(line: string): void {
    if (line !== 'computes') console.log(`   ${this.name.padEnd(9)} ${line}`);
    for (const { text, found } of this.#waiters) if (line.startsWith(text)) found(line);
  }
}
