// The measurements of a run, and the numbers that are derived from them.
import type { ClientName } from './clients/index.ts';
import type { Rounds } from './dealer.ts';
import type { Series } from './series.ts';
import type { Startups } from './startup.ts';
import { type Metric, type Spread, metric, pairedRatio, spread } from './statistics.ts';

/** One row with its slices. */
export interface Measured {
  readonly series: Series;
  readonly rounds: Rounds;
  /** The CPU time of the fake server for each operation. It must stay far below a client's. */
  readonly fakeMicros: number | undefined;
}

/** The versions to which the numbers belong. */
export interface Facts {
  readonly date: string;
  readonly command: string;
  readonly node: string;
  readonly etcd: string | undefined;
  readonly libraries: Readonly<Record<string, string>>;
  readonly rounds: number;
  readonly sliceMillis: number;
}

export interface Results {
  readonly facts: Facts;
  readonly clients: readonly ClientName[];
  readonly measured: readonly Measured[];
  readonly startups: Startups | undefined;
  readonly peakRssMiB: ReadonlyMap<ClientName, number>;
}

function values({ rounds }: Measured, client: ClientName, name: Metric): number[] {
  return (rounds.get(client) ?? []).map((slice) => metric(slice, name));
}

/** A client's median over the rounds. */
export function median(row: Measured, client: ClientName, name: Metric): number {
  return spread(values(row, client, name)).median;
}

/** The ratio of a client to another one, round by round. */
export function ratio(row: Measured, client: ClientName, base: ClientName, name: Metric): Spread {
  return pairedRatio(values(row, client, name), values(row, base, name));
}

/** Milliseconds from process start to the first get, above a bare process, by round. */
function aboveBare(startups: Startups, client: ClientName): number[] {
  const bare = spread(startups.get('bare') ?? []).median;
  return (startups.get(client) ?? []).map((millis) => millis - bare);
}

export function startupMedian(startups: Startups, client: ClientName): number {
  return spread(aboveBare(startups, client)).median;
}

export function startupRatio(startups: Startups, client: ClientName, base: ClientName): Spread {
  return pairedRatio(aboveBare(startups, client), aboveBare(startups, base));
}
