// The measurements of a run, and the numbers that are derived from them.
import type { ClientName } from './clients/index.ts';
import type { Series } from './series.ts';
import type { CopyOperation } from './workload.ts';
import { type Metric, type Samples, type Spread, pairedRatio, spread } from './statistics.ts';

/** One row with its samples. */
export interface Measured {
  /** The id of the row. */
  readonly id: string;
  readonly server: Series['server'];
  readonly operation: Series['operation'] | 'lease-memory' | CopyOperation;
  readonly concurrency: number;
  readonly metric: Metric;
  /** The samples of each client, by its label. */
  readonly samples: Readonly<Record<string, Samples>>;
  /** The CPU time of the fake server for each operation. It must stay far below a client's. */
  readonly fakeMicros?: number | undefined;
}

/** The versions to which the numbers belong. */
export interface Facts {
  readonly date: string;
  readonly command: string;
  readonly node: string;
  readonly etcd: string | undefined;
  readonly go: string | undefined;
  readonly libraries: Readonly<Record<string, string>>;
  readonly rounds: number;
  readonly sliceMillis: number;
}

/** A run. It is plain data, so that documents can be made from what a file has of it. */
export interface Results {
  readonly facts: Facts;
  /** The labels of the clients: their names, or those and a Node's version. */
  readonly clients: readonly string[];
  readonly measured: readonly Measured[];
  readonly peakRssMiB: Readonly<Record<string, number>>;
  /** What was left out, and why. */
  readonly missing: readonly string[];
}

function values({ samples }: Measured, label: string, name: Metric): readonly number[] {
  return samples[label]?.[name] ?? [];
}

/** Whether a client was measured in a row. */
export function has(row: Measured, label: string, name: Metric): boolean {
  return values(row, label, name).length > 0;
}

/** A client's median and quartiles over the rounds. */
export function measuredSpread(row: Measured, label: string, name: Metric): Spread {
  return spread(values(row, label, name));
}

/** The ratio of a client to another one, round by round. */
export function ratio(row: Measured, label: string, base: string, name: Metric): Spread {
  return pairedRatio(values(row, label, name), values(row, base, name));
}

export function rowOf({ measured }: Results, id: string): Measured | undefined {
  return measured.find((row) => row.id === id);
}

/** The largest share of the CPU of the leanest client over the network that the fake server's CPU was, by row. */
export function fakeShares({ measured }: Results): readonly { readonly row: Measured; readonly share: number }[] {
  return measured.flatMap((row) => {
    if (row.fakeMicros === undefined) return [];
    const networked = Object.keys(row.samples).filter((label) => !label.startsWith('null' satisfies ClientName));
    const leanest = Math.min(...networked.map((label) => measuredSpread(row, label, 'cpu').median));
    return [{ row, share: row.fakeMicros / leanest }];
  });
}
