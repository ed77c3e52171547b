/**
 * Bytes in front of each message of a gRPC frame: a flag for compression (0) and the length of the message, big endian.
 * Codecs write them, so that prefix and message stand in one buffer.
 */
export const FRAME_PREFIX = 5;
