import { gunzipSync, gzipSync } from 'node:zlib';
import { status, type StatusError } from '../status.ts';

/** The only encoding that etcd's server has beside none. */
export const GZIP = 'gzip';

/** Whether messages may have this `grpc-encoding`. */
export function isKnownEncoding(encoding: string | undefined): boolean {
  return encoding === undefined || encoding === GZIP || encoding === 'identity';
}

/** Why a message with this prefix is refused, in the words of grpc-go; `undefined` if it is accepted. */
export function refusal(
  flag: number,
  length: number,
  limit: number,
  encoding: string | undefined,
): StatusError | undefined {
  if (flag > 1) return status('INTERNAL', `grpc: received unexpected payload format ${flag}`);
  if (flag === 1 && encoding !== GZIP)
    return status('INTERNAL', 'grpc: compressed flag set with identity or empty encoding');
  if (length > limit)
    return status('RESOURCE_EXHAUSTED', `grpc: received message larger than max (${length} vs. ${limit})`);
  return undefined;
}

/** Decompresses a message. One that becomes larger than `limit` is refused before it does. */
export function decompressed(message: Buffer, limit: number): Buffer | StatusError {
  // Go reads the header of gzip before it looks at it.
  if (message.length < GZIP_HEADER) return malformed('unexpected EOF');
  try {
    return gunzipSync(message, { maxOutputLength: limit });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ERR_BUFFER_TOO_LARGE')
      return status('RESOURCE_EXHAUSTED', `grpc: received message after decompression larger than max ${limit}`);
    return malformed(GO_TEXTS[message] ?? 'flate: corrupt input');
  }
}

const GZIP_HEADER = 10;

function malformed(text: string): StatusError {
  return status('INTERNAL', `grpc: failed to decompress the message: ${text}`);
}

/** Errors of zlib, and those of Go's `compress/gzip` for the same bytes. */
const GO_TEXTS: Readonly<Record<string, string>> = {
  'unexpected end of file': 'unexpected EOF',
  'incorrect header check': 'gzip: invalid header',
  'incorrect data check': 'gzip: invalid checksum',
  'incorrect length check': 'gzip: invalid checksum',
};

/** A gRPC frame around a message. */
export function framed(message: Buffer, encoding: string | undefined): Buffer {
  const compressed = encoding === GZIP;
  const body = compressed ? gzipSync(message) : message;
  const { length } = body;
  const frame = Buffer.allocUnsafe(5 + length);
  frame[0] = compressed ? 1 : 0;
  frame[1] = length >>> 24;
  frame[2] = length >>> 16;
  frame[3] = length >>> 8;
  frame[4] = length;
  if (length <= 48) for (let i = 0; i < length; i++) frame[5 + i] = body[i] as number;
  else frame.set(body, 5);
  return frame;
}
