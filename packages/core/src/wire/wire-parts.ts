import type { Clock } from '../clock.ts';
import type { Logger } from '../logger.ts';
import type { ClientStats } from '../stats.ts';
import type { Picker } from '../transport/picker.ts';
import type { Deadlines } from './deadlines.ts';

/** What calls go over the wire with; one for all calls of a client. */
export interface WireParts {
  /** One object for all clients over the same connections. */
  readonly connections: object;
  /** What the client is doing now: for interceptors. */
  readonly stats: () => ClientStats;
  readonly picker: Picker;
  readonly deadlines: Deadlines;
  readonly clock: Clock;
  /** For interceptors. */
  readonly random: () => number;
  /** For interceptors. */
  readonly logger: Logger;
  readonly maxSendBytes: number;
  /** The deadline of a unary call that names none. */
  readonly requestTimeoutMs: number;
  /** Everything under way, to be ended by `close()`. */
  readonly underWay: Set<UnderWay>;
  /** Whether the client was closed: nothing begins any more. */
  closed: boolean;
}

/** A call or stream under way. */
export interface UnderWay {
  /** Ends it because its client was closed. */
  closeNow(): void;
}
