/**
 * Turns one RPC's messages into bytes and back. Encoding gives a whole gRPC frame, the 5-byte prefix (uncompressed flag,
 * length) and the message in one buffer; decoding takes the message without prefix and may keep views of it.
 */
export interface Codec<Req, Res> {
  encodeRequest(message: Req): Buffer;
  decodeResponse(message: Buffer): Res;
}
