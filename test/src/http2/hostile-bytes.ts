import type { Dice } from './random-bytes.ts';
import { FLAG, FRAME, frameBytes, HEAD, uint32 } from './raw-peer.ts';

/** Many frames that cost more to receive than to send. */
export function flood(random: Dice, id: number): Buffer {
  const one = random.pick([
    frameBytes(FRAME.PING, FLAG.NONE, 0, Buffer.alloc(8)),
    frameBytes(FRAME.SETTINGS, FLAG.NONE, 0),
    frameBytes(FRAME.DATA, FLAG.NONE, id),
    frameBytes(FRAME.CONTINUATION, FLAG.NONE, id),
    frameBytes(FRAME.RST_STREAM, FLAG.NONE, id, uint32(8)),
    frameBytes(FRAME.WINDOW_UPDATE, FLAG.NONE, 0, uint32(1)),
    frameBytes(FRAME.DATA, FLAG.NONE, id, Buffer.alloc(16_384)),
  ]);
  // Large ones are enough to exceed a window. More would fill the memory of the server, which is this process as well.
  const most = one.length < 100 && random.chance(20) ? 2_000 : 100;
  return Buffer.concat(Array.from({ length: 1 + random.below(most) }, () => one));
}

/** A block that is much larger when it is decoded. */
export function bomb(random: Dice): Buffer {
  const field = Buffer.concat([Buffer.from('4001787fa11e', 'hex'), Buffer.alloc(4_000, 'v')]);
  return Buffer.concat([HEAD, field, Buffer.alloc(random.below(30_000), 0xbe)]);
}

/** The same bytes, with some of them changed, cut off or added. */
export function changed(random: Dice, bytes: Buffer): Buffer {
  const result = Buffer.from(bytes);
  switch (random.below(6)) {
    case 0:
      return result.subarray(0, random.below(result.length + 1));
    case 1:
      return Buffer.concat([result, random.bytes(1 + random.below(20))]);
    case 2:
      // The header of the first frame.
      result[random.below(Math.min(9, result.length))] = random.below(256);
      return result;
    case 3:
      return Buffer.concat([result, result]);
    default:
      for (let left = 1 + random.below(3); left > 0; left--) result[random.below(result.length)] = random.below(256);
      return result;
  }
}
