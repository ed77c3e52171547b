// Data: the rows of copies, and their sides.
import type { Metric } from '../statistics.ts';

/** The sides of each row, the copy first. */
export const copyRows = {
  fill: ['copy', 'pages'],
  memory: ['copy', 'map'],
  peek: ['copy', 'map'],
  get: ['copy', 'canned'],
  watches: ['copy', 'etcd', 'etcd-http2'],
} as const satisfies Record<string, readonly string[]>;

/** The name of a row in its id. */
export type CopyRow = keyof typeof copyRows;

/** What each row is about. */
export const copyMetrics: Readonly<Record<CopyRow, Metric>> = {
  ...{ fill: 'throughput', memory: 'memory', peek: 'cpu', get: 'cpu', watches: 'cpu' },
};
