import type { Socket } from 'node:net';
import type { Dialed } from './dial.ts';

/** How long the last bytes may take to leave. */
const LINGER_MS = 1_000;

/** Closes a socket once it has taken what was written, or soon if the peer does not read. */
export function hangUp(socket: Socket | undefined, dialed: Dialed | undefined): void {
  const timer = setTimeout(() => dialed?.destroy(), LINGER_MS).unref();
  socket?.once('close', () => clearTimeout(timer)).destroySoon();
}
