import type { Backoff } from '../backoff.ts';
import type { Clock } from '../clock.ts';
import type { Logger } from '../logger.ts';
import type { Pipeline } from '../pipeline/pipeline.ts';

/** The pauses between two attempts to renew. */
export const RENEWAL_BACKOFF: Backoff = { firstMs: 25, longestMs: 500 };

/** The parts of a keeper. */
export interface KeeperParts {
  readonly pipeline: Pipeline;
  readonly clock: Clock;
  /** Returns a number of at least 0 and less than 1, like Math.random. */
  readonly random: () => number;
  readonly logger: Logger;
  /** How long the first answer about a lease of unknown TTL may take, in milliseconds. */
  readonly requestTimeoutMs: number;
}
