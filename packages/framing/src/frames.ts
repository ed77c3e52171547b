/** The types of frames (RFC 9113, 6). */
export const FRAME = {
  DATA: 0,
  HEADERS: 1,
  PRIORITY: 2,
  RST_STREAM: 3,
  SETTINGS: 4,
  PUSH_PROMISE: 5,
  PING: 6,
  GOAWAY: 7,
  WINDOW_UPDATE: 8,
  CONTINUATION: 9,
} as const;

/** The flags of frames. `ACK` has the bit of `END_STREAM`, on SETTINGS and PING. */
export const FLAG = { END_STREAM: 0x1, ACK: 0x1, END_HEADERS: 0x4, PADDED: 0x8, PRIORITY: 0x20 } as const;

/** The length of a frame's header. */
export const FRAME_HEADER = 9;

/** The largest payload that is accepted, and the one that a peer accepts before its settings say more (RFC 9113, 4.2). */
export const FRAME_SIZE = 16_384;

/** The largest window, and the largest stream id (RFC 9113, 6.9.1 and 5.1.1). */
export const LARGEST_31 = 0x7fff_ffff;

/** The window of a connection, and of a stream before settings (RFC 9113, 6.9.2). */
export const INITIAL_WINDOW = 65_535;

/** The bytes with which a client begins (RFC 9113, 3.4). */
export const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';

/** Reads a big-endian number of 32 bits. */
export function uint32(bytes: Buffer, at: number): number {
  return (
    (((bytes[at] as number) << 24) |
      ((bytes[at + 1] as number) << 16) |
      ((bytes[at + 2] as number) << 8) |
      (bytes[at + 3] as number)) >>>
    0
  );
}
