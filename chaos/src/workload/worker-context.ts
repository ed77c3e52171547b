import type { EtcdClient } from '@etcdts/core';
import type { Line, Operation, Request } from '../history.ts';
import { perform } from '../perform.ts';
import type { Recorder } from '../recorder.ts';
import type { Finals } from './finals.ts';

export interface OpenWatch {
  readonly last: keyof Finals;
  /** Resolves when it was created, or has ended. */
  readonly created: Promise<void>;
  delivered: number;
}

/** What the parts of a process's work share. */
export class WorkerContext {
  readonly process: number;
  readonly random: () => number;
  readonly recorder: Recorder<Line>;
  /** The newest revision that this process has seen. */
  revision = 1;
  operations = 0;
  unknown = 0;
  /** The watches that are open: what each waits for at the end, and the last revision that it has delivered. */
  readonly watches: Set<OpenWatch> = new Set();
  #values = 0;
  #latencies: number[] = [];

  constructor(process: number, random: () => number, recorder: Recorder<Line>) {
    this.process = process;
    this.random = random;
    this.recorder = recorder;
  }

  /** A value that nobody else writes. */
  value(): string {
    return `${this.process}.${++this.#values}`;
  }

  below(count: number): number {
    return Math.floor(this.random() * count);
  }

  pick<T>(values: readonly T[]): T {
    return values[this.below(values.length)] as T;
  }

  /** Carries out a request and records it. */
  async perform(client: EtcdClient, number: number, request: Request, timeoutMs?: number): Promise<Operation> {
    const operation = await perform(client, request, { process: this.process, client: number }, timeoutMs);
    this.recorder.write(operation);
    this.operations++;
    this.#latencies.push(operation.return - operation.call);
    if (operation.error?.outcome === 'unknown') this.unknown++;
    if (operation.revision !== undefined) this.saw(operation.revision);
    return operation;
  }

  /** The latencies of the operations since the last call, in microseconds. */
  latencies(): { readonly p50: number; readonly p99: number } {
    const sorted = this.#latencies.sort((a, b) => a - b);
    this.#latencies = [];
    const at = (share: number): number => sorted[Math.floor(sorted.length * share)] ?? 0;
    return { p50: at(0.5), p99: at(0.99) };
  }

  saw(revision: number): void {
    if (revision > this.revision) this.revision = revision;
  }
}
