/**
 * Bytes in front of each message of a gRPC frame: a flag for compression (0) and the length of the message, big endian.
 * Codecs write them, so that prefix and message stand in one buffer.
 */
export const FRAME_PREFIX = 5;

/** A message that was encoded without its prefix, as a frame. */
export function framed(message: Uint8Array): Buffer {
  const frame = Buffer.alloc(FRAME_PREFIX + message.length);
  frame.writeUInt32BE(message.length, 1);
  frame.set(message, FRAME_PREFIX);
  return frame;
}
