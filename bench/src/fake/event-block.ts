// Responses of one watch, encoded once as DATA frames. Their revisions are counted up in place.
import { KEY, VALUE } from '../workload.ts';
import { FIRST_REVISION, bytes, grpcFrame, header, keyValue, scalar, varint } from './answers.ts';
import { HEADER_BYTES, MAX_FRAME, dataFrames } from './frames.ts';

/** A revision of four varint bytes that stands where the real ones are written. */
const MARK = FIRST_REVISION + 12_345;
const MARK_BYTES = 4;

/** The responses that are sent together if there is room. */
export class EventBlock {
  /** The number of bytes of one response that count for flow control. */
  readonly messageBytes: number;
  readonly messages: number;
  readonly events: number;
  private frames: Buffer;
  private readonly frameBytes: number;
  /** Where each byte of each revision of a response is, relative to the response. */
  private readonly places: Int32Array;

  constructor(stream: number, watchId: bigint, { messages, events }: { messages: number; events: number }) {
    const all = Array.from({ length: events }, () => bytes(11, bytes(2, keyValue(KEY, VALUE, MARK))));
    const message = grpcFrame(header(MARK), scalar(2, watchId), ...all);
    const one = dataFrames(stream, message);
    this.messages = messages;
    this.events = events;
    this.messageBytes = message.length;
    this.frameBytes = one.length;
    this.frames = Buffer.concat(Array.from({ length: messages }, () => one));
    this.places = placesOf(message);
  }

  /** The frames of the first `count` responses, with revisions from `revision` on. They are valid until the next call. */
  fill(count: number, revision: number): Buffer {
    const { frames, places, events } = this;
    for (let message = 0; message < count; message++) {
      const base = message * this.frameBytes;
      const first = revision + message * events;
      // The header comes first, with the revision of the last event.
      patch(frames, base, places, 0, first + events - 1);
      for (let event = 0; event < events; event++) patch(frames, base, places, event + 1, first + event);
    }
    return frames.subarray(0, count * this.frameBytes);
  }

  /** Makes a copy for the next call, because the socket still has the bytes of the last one. */
  renew(): void {
    this.frames = Buffer.from(this.frames);
  }
}

function placesOf(message: Buffer): Int32Array {
  const places: number[] = [];
  const mark = varint(MARK);
  for (let at = message.indexOf(mark); at !== -1; at = message.indexOf(mark, at + 1)) {
    for (let i = at; i < at + MARK_BYTES; i++) places.push(i + (Math.floor(i / MAX_FRAME) + 1) * HEADER_BYTES);
  }
  return Int32Array.from(places);
}

function patch(out: Buffer, base: number, places: Int32Array, index: number, revision: number): void {
  const at = index * MARK_BYTES;
  out[base + (places[at] as number)] = (revision & 0x7f) | 0x80;
  out[base + (places[at + 1] as number)] = ((revision >> 7) & 0x7f) | 0x80;
  out[base + (places[at + 2] as number)] = ((revision >> 14) & 0x7f) | 0x80;
  out[base + (places[at + 3] as number)] = revision >> 21;
}
