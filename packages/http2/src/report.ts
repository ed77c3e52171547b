import type { WireListener, WireStatus } from '@etcdts/core/plugin';

/** Reports a message. What the listener throws must not break off the reading of the connection, which other calls use. */
export function reportMessage(listener: WireListener, message: Buffer): void {
  try {
    listener.onMessage(message);
  } catch (error) {
    uncaught(error);
  }
}

/** Reports the end of a call, as {@link reportMessage} does a message. */
export function reportEnd(listener: WireListener, status: WireStatus): void {
  try {
    listener.onEnd(status);
  } catch (error) {
    uncaught(error);
  }
}

/** Throws an error where no call is concerned, so that the process handles it, as one of an event's listener. */
function uncaught(error: unknown): void {
  process.nextTick(() => {
    throw error;
  });
}
