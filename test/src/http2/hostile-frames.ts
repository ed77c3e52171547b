// Random frames of a server: mostly what a server may send in the state of each stream, then wrong ones, and right ones at the wrong
// time, or with some of their bytes changed. The same seed makes the same ones.
import { bomb, changed, flood } from './hostile-bytes.ts';
import type { Dice } from './random-bytes.ts';
import { block, FLAG, FRAME, frameBytes, HEAD, settings, TRAILERS, uint32 } from './raw-peer.ts';

const NONE = Buffer.alloc(0);
const END = FLAG.END_HEADERS | FLAG.END_STREAM;
const NUMBERS = [
  0,
  1,
  2,
  5,
  100,
  4_096,
  16_383,
  16_384,
  65_535,
  65_536,
  2 ** 24 - 1,
  2 ** 24,
  2 ** 31 - 1,
  2 ** 31,
  2 ** 32 - 1,
];

/** What a server has sent on a stream. */
type State = 'nothing' | 'head' | 'part' | 'over';

/** The messages of one hostile server on one connection. */
export class HostileFrames {
  readonly random: Dice;
  /** How many of a hundred messages break a rule on purpose. */
  readonly #hostility: number;
  readonly #states: Map<number, State> = new Map();

  constructor(random: Dice, hostility: number) {
    this.random = random;
    this.#hostility = hostility;
  }

  /** The next message, of one frame or several. `requests` are the streams that the client has opened. */
  next(requests: readonly number[]): Buffer {
    const { random } = this;
    if (!random.chance(this.#hostility)) return this.#right(requests);
    const roll = random.below(10);
    if (roll < 4) return changed(random, this.#right(requests));
    if (roll < 6) return changed(random, this.#wrong(requests));
    return this.#wrong(requests);
  }

  /** A frame that is right where it stands. */
  #right(requests: readonly number[]): Buffer {
    const { random } = this;
    const open = requests.filter((id) => this.#states.get(id) !== 'over');
    if (open.length === 0 || random.chance(25)) return this.#rightOfConnection();
    const id = random.pick(open);
    const state = this.#states.get(id) ?? 'nothing';
    if (random.chance(10)) return frameBytes(FRAME.WINDOW_UPDATE, 0, id, uint32(1 + random.below(100_000)));
    if (state === 'nothing') {
      if (random.chance(5)) return frameBytes(FRAME.HEADERS, FLAG.END_HEADERS, id, block([':status', '103']));
      if (random.chance(10)) return this.#over(id, frameBytes(FRAME.HEADERS, END, id, this.#trailersOnly()));
      this.#states.set(id, 'head');
      return this.#headers(id, FLAG.NONE, random.chance(50) ? HEAD : this.#longHead());
    }
    if (random.chance(4)) return this.#over(id, frameBytes(FRAME.RST_STREAM, 0, id, uint32(random.below(15))));
    if (state === 'head' && random.chance(25))
      return this.#over(id, this.#headers(id, FLAG.END_STREAM, this.#trailers()));
    return this.#message(id);
  }

  #over(id: number, bytes: Buffer): Buffer {
    this.#states.set(id, 'over');
    return bytes;
  }

  #rightOfConnection(): Buffer {
    const { random } = this;
    const roll = random.below(12);
    if (roll < 3) return frameBytes(FRAME.PING, FLAG.NONE, 0, random.bytes(8));
    if (roll < 4) return frameBytes(FRAME.PING, FLAG.ACK, 0, random.bytes(8));
    if (roll < 7) return frameBytes(FRAME.WINDOW_UPDATE, 0, 0, uint32(1 + random.below(1_000_000)));
    if (roll < 9)
      return frameBytes(10 + random.below(246), random.below(256), random.below(5), random.bytes(random.below(50)));
    if (roll < 10) return frameBytes(FRAME.PRIORITY, 0, 1 + random.below(9), random.bytes(5));
    return frameBytes(
      FRAME.SETTINGS,
      FLAG.NONE,
      0,
      settings(
        ...random
          .times(4, () =>
            random.pick([
              [1, random.pick([0, 100, 4_096, 65_536])],
              [3, random.pick([0, 1, 3, 100, 2 ** 32 - 1])],
              [4, random.pick([0, 1, 100, 65_535, 1 << 20])],
              [5, random.pick([16_384, 20_000, 2 ** 24 - 1])],
              [6, random.pick([1_000, 65_536, 2 ** 32 - 1])],
              [random.below(65_536), random.below(1_000)],
            ] as const),
          )
          .filter(([id, value]) => id !== 2 || value === 0),
      ),
    );
  }

  /** A message of gRPC in one frame of DATA or several, with padding now and then; or a part of one, which is continued. */
  #message(id: number): Buffer {
    const { random } = this;
    const length = random.pick([0, 1, 5, 60, 300, 5_000, 40_000]);
    const message = Buffer.concat([Buffer.from([0]), uint32(length), random.bytes(length)]);
    const frames: Buffer[] = [];
    for (let at = 0; at < message.length;) {
      const part = message.subarray(at, at + (random.chance(70) ? 16_384 : 1 + random.below(16_000)));
      at += part.length;
      if (random.chance(15) && part.length < 16_000) {
        const padding = random.below(200);
        const padded = Buffer.concat([Buffer.from([padding]), part, Buffer.alloc(padding)]);
        frames.push(frameBytes(FRAME.DATA, FLAG.PADDED, id, padded));
      } else frames.push(frameBytes(FRAME.DATA, FLAG.NONE, id, part));
    }
    return Buffer.concat(frames);
  }

  /** A header block in HEADERS and CONTINUATION, padded or with a priority now and then. */
  #headers(id: number, flags: number, bytes: Buffer): Buffer {
    const { random } = this;
    if (random.chance(10)) {
      const priority = Buffer.concat([Buffer.from([3]), random.bytes(5), bytes, Buffer.alloc(3)]);
      return frameBytes(FRAME.HEADERS, flags | FLAG.END_HEADERS | FLAG.PADDED | FLAG.PRIORITY, id, priority);
    }
    if (random.chance(60) && bytes.length <= 16_384)
      return frameBytes(FRAME.HEADERS, flags | FLAG.END_HEADERS, id, bytes);
    const parts: Buffer[] = [];
    for (let at = 0; at < bytes.length || parts.length === 0; at += 16_000) parts.push(bytes.subarray(at, at + 16_000));
    parts.push(...random.times(2, () => NONE));
    return Buffer.concat(
      parts.map((part, i) =>
        frameBytes(
          i === 0 ? FRAME.HEADERS : FRAME.CONTINUATION,
          (i === 0 ? flags : 0) | (i === parts.length - 1 ? FLAG.END_HEADERS : 0),
          id,
          part,
        ),
      ),
    );
  }

  #trailersOnly(): Buffer {
    return Buffer.concat([HEAD, this.#trailers()]);
  }

  #trailers(): Buffer {
    const { random } = this;
    if (random.chance(50)) return TRAILERS;
    const status = random.pick(['0', '1', '2', '5', '14', '16', '17', '99', '-1', '', 'x', '0x1', '123456789012']);
    const message = random.pick(['', 'text', '%E2%98%BA', '%', '%zz', 'etcdserver: no leader', '\x01\x7f', 'a%00b']);
    return block(['grpc-status', status], ['grpc-message', message], ['x-extra', random.bytes(20).toString('hex')]);
  }

  /** A head whose fields enter the table of the client, or leave it. */
  #longHead(): Buffer {
    const { random } = this;
    const field = (): Buffer => {
      const text = random.bytes(1 + random.below(40)).toString('hex');
      return Buffer.concat([Buffer.from([0x40, 1, 0x78, text.length]), Buffer.from(text)]);
    };
    const sizes = random.times(2, () => random.pick([Buffer.from([0x20]), Buffer.from('3fe11f', 'hex')]));
    return Buffer.concat([...sizes, HEAD, ...random.times(5, field)]);
  }

  /** A frame that breaks a rule, or stands where it must not. */
  #wrong(requests: readonly number[]): Buffer {
    const { random } = this;
    const id = random.pick([...requests, ...requests, ...requests, 0, 2, 4, 999, 2 ** 31 - 1, random.below(50)]);
    const number = (): number => random.pick(NUMBERS);
    const bytes = (): Buffer => random.bytes(random.pick([0, 1, 3, 4, 5, 6, 8, 9, 40, 1_000, 16_384]));
    const flags = random.pick([0, 1, 4, 5, 8, 9, 12, 13, 32, 36, 45, 255]);
    switch (random.below(16)) {
      case 0:
        return frameBytes(FRAME.DATA, flags, id, bytes());
      case 1:
        return frameBytes(
          FRAME.DATA,
          flags & FLAG.END_STREAM,
          id,
          Buffer.concat([Buffer.from([random.below(3)]), uint32(number())]),
        );
      case 2:
        return frameBytes(FRAME.HEADERS, flags, id, bytes());
      case 3:
        return frameBytes(
          FRAME.HEADERS,
          flags | FLAG.END_HEADERS,
          id,
          random.pick([HEAD, TRAILERS, this.#trailersOnly()]),
        );
      case 4:
        return frameBytes(FRAME.RST_STREAM, flags, id, random.chance(70) ? uint32(number()) : bytes());
      case 5:
        return frameBytes(
          FRAME.SETTINGS,
          random.pick([0, 0, 1]),
          random.pick([0, 0, id]),
          settings(...random.times(4, () => [random.below(8), number()] as const)),
        );
      case 6:
        return frameBytes(FRAME.SETTINGS, random.pick([0, 1]), 0, bytes());
      case 7:
        return frameBytes(FRAME.PUSH_PROMISE, flags, id, bytes());
      case 8:
        return frameBytes(FRAME.PING, random.pick([0, 1]), random.pick([0, 0, id]), bytes());
      case 9:
        return frameBytes(
          FRAME.GOAWAY,
          flags,
          random.pick([0, 0, id]),
          random.chance(80)
            ? Buffer.concat([uint32(random.pick([0, id, number()])), uint32(number()), bytes()]).subarray(0, 16_384)
            : bytes(),
        );
      case 10:
        return frameBytes(FRAME.WINDOW_UPDATE, flags, id, random.chance(80) ? uint32(number()) : bytes());
      case 11:
        return frameBytes(FRAME.CONTINUATION, flags, id, bytes());
      case 12:
        return Buffer.concat([frameBytes(FRAME.HEADERS, 0, id, HEAD), this.#rightOfConnection()]);
      case 13:
        return flood(random, id);
      case 14:
        return this.#headers(id, flags & FLAG.END_STREAM, bomb(random));
      default:
        return random.bytes(1 + random.below(60));
    }
  }
}
