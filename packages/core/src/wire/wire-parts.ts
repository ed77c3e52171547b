import type { Clock } from '../clock.ts';
import type { Logger } from '../logger.ts';
import type { ClientStats } from '../stats.ts';
import type { Picker } from '../transport/picker.ts';
import type { Deadlines } from './deadlines.ts';

/** The parts that calls need on the wire. All calls of a client share them. */
export interface WireParts {
  /** The identity of the connections: one object for all clients that share them. */
  readonly connections: object;
  /** What the client does now; for interceptors. */
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
  /** Everything under way; `close()` ends it. */
  readonly underWay: Set<UnderWay>;
  /** Whether the client was closed. Nothing begins any more then. */
  closed: boolean;
}

/** A call or stream under way. */
export interface UnderWay {
  /** Ends it because its client was closed. */
  closeNow(): void;
}
