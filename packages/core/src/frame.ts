/**
 * The number of bytes in front of the message in a gRPC frame: a flag for compression (0) and the length of the message, big
 * endian. Codecs write them, so that prefix and message are in one buffer.
 */
export const FRAME_PREFIX = 5;

/** Makes a frame of an encoded message. */
export function framed(message: Uint8Array): Buffer {
  const frame = Buffer.alloc(FRAME_PREFIX + message.length);
  frame.writeUInt32BE(message.length, 1);
  frame.set(message, FRAME_PREFIX);
  return frame;
}
