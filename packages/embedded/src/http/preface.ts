import type { Socket } from 'node:net';
import { PREFACE } from '@etcdts/framing';

const EXPECTED = Buffer.from(PREFACE, 'latin1');

/**
 * Looks at the first bytes of a connection: with the preface of HTTP/2 (RFC 9113, 3.4), calls `onHttp2` with what comes behind it, as it
 * comes; else `onOther` with all that has come, once, and leaves the socket.
 */
export function readPreface(
  socket: Socket,
  onHttp2: () => (bytes: Buffer) => void,
  onOther: (bytes: Buffer) => void,
): void {
  let begun: Buffer = Buffer.alloc(0);
  const look = (bytes: Buffer): void => {
    begun = begun.length === 0 ? bytes : Buffer.concat([begun, bytes]);
    const length = Math.min(begun.length, EXPECTED.length);
    const fits = begun.compare(EXPECTED, 0, length, 0, length) === 0;
    if (fits && length < EXPECTED.length) return;
    socket.off('data', look);
    if (!fits) {
      onOther(begun);
      return;
    }
    const read = onHttp2();
    socket.on('data', read);
    if (begun.length > length) read(begun.subarray(length));
  };
  socket.on('data', look);
}
