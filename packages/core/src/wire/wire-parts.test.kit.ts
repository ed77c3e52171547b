// What calls go over the wire with in unit tests: a transport, a clock and a picker moved by hand.
import { silentLogger } from '../logger.ts';
import type { FakeTransport } from '../transport/fakes.test.kit.ts';
import { Deadlines } from './deadlines.ts';
import type { WireParts } from './wire-parts.ts';

/** Parts over a fake transport, for these endpoints. */
export function wireParts(transport: FakeTransport, endpoints: readonly string[], maxSendBytes = 1_000): WireParts {
  return {
    connections: {},
    stats() {
      throw new Error('there is no client to have any');
    },
    picker: transport.picker(...endpoints),
    deadlines: new Deadlines(transport.clock),
    clock: transport.clock,
    random: () => 0.5,
    logger: silentLogger,
    maxSendBytes,
    requestTimeoutMs: 10_000,
    underWay: new Set(),
    closed: false,
  };
}
