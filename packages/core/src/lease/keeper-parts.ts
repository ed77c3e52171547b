import type { Backoff } from '../backoff.ts';
import type { Clock } from '../clock.ts';
import type { Logger } from '../logger.ts';
import type { Pipeline } from '../pipeline/pipeline.ts';

/** Between two attempts to renew. */
export const RENEWAL_BACKOFF: Backoff = { firstMs: 25, longestMs: 500 };

/** What a keeper is made of. */
export interface KeeperParts {
  readonly pipeline: Pipeline;
  readonly clock: Clock;
  /** From 0 up to 1, as Math.random. */
  readonly random: () => number;
  readonly logger: Logger;
  /** How long the first answer about a lease of unknown time to live may take. */
  readonly requestTimeoutMs: number;
}
