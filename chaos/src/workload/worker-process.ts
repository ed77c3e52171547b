import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Order, Report, WorkerConfig } from './orders.ts';

type Sum = Extract<Report, { type: 'sum' }>;

/** A process of the workload, as its parent has it. */
export class WorkerProcess {
  readonly config: WorkerConfig;
  readonly failures: string[] = [];
  sum: Sum = { type: 'sum', operations: 0, unknown: 0, resumed: 0, p50: 0, p99: 0 };
  /** What was left open when it left. */
  left: Extract<Report, { type: 'left' }> | undefined;
  readonly #child: ChildProcess;
  readonly #waiting: Map<Report['type'], () => void> = new Map();
  readonly #gone: Promise<void>;

  /** `first` are options of Node that come before those of the environment: a mutant must be planted before anything loads the client. */
  constructor(config: WorkerConfig, first: readonly string[]) {
    this.config = config;
    const path = fileURLToPath(new URL('worker.js', import.meta.url));
    this.#child = fork(path, [JSON.stringify(config)], {
      execArgv: [],
      env: { ...process.env, NODE_OPTIONS: [...first, process.env['NODE_OPTIONS'] ?? ''].join(' ') },
    });
    this.#child.on('message', (report: Report) => this.#take(report));
    this.#gone = new Promise((resolve) => {
      this.#child.on('exit', (code, signal) => {
        if (this.left === undefined) this.failures.push(`it ended with ${code ?? signal}`);
        for (const done of this.#waiting.values()) done();
        resolve();
      });
    });
  }

  /** The name of the process, in faults. */
  get name(): string {
    return `process ${this.config.process}`;
  }

  order(order: Order): void {
    if (this.#child.connected) this.#child.send(order);
  }

  signal(signal: 'SIGSTOP' | 'SIGCONT' | 'SIGKILL'): void {
    this.#child.kill(signal);
  }

  /** Resolves with the next report of a type, or when the process has ended. */
  next(type: Report['type']): Promise<void> {
    if (this.#child.exitCode !== null) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.set(type, resolve));
  }

  /** Resolves when the process has ended. */
  ended(): Promise<void> {
    return this.#gone;
  }

  #take(report: Report): void {
    if (report.type === 'sum') this.sum = report;
    if (report.type === 'failed') this.failures.push(report.error);
    if (report.type === 'left') this.left = report;
    this.#waiting.get(report.type)?.();
    this.#waiting.delete(report.type);
  }
}
