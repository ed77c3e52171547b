import { invalidArgument } from '../errors.ts';
import type * as m from '../messages.ts';
import type { Codec } from './codec.ts';
import { NO_HEADER, readHeader } from './header.ts';
import { hotCodec } from './hot-codec.ts';
import { PlainMessage, passForLiterals } from './plain-message.ts';
import type { Reader } from './reader.ts';
import { readWatchEvent } from './watch-event.ts';
import type { Writer } from './writer.ts';

const FILTERS: readonly m.WatchFilter[] = ['put', 'delete'];

function writeWatchRequest(w: Writer, request: m.WatchRequest): void {
  const mark = w.mark();
  switch (request.type) {
    case 'create':
      writeCreate(w, request.request);
      w.message(0x0a, mark);
      return;
    case 'cancel':
      w.int64(0x08, request.watchId);
      w.message(0x12, mark);
      return;
    case 'progress':
      w.message(0x1a, mark);
      return;
    default:
      throw invalidArgument('watch request', 'is neither create, cancel nor progress');
  }
}

function writeCreate(w: Writer, request: m.WatchCreateRequest): void {
  w.bool(0x40, request.fragment);
  w.int64(0x38, request.watchId);
  w.bool(0x30, request.prevKv);
  w.packedWords(0x2a, FILTERS, request.filters, 'filters');
  w.bool(0x20, request.progressNotify);
  w.int64(0x18, request.startRevision);
  w.bytes(0x12, request.rangeEnd);
  w.bytes(0x0a, request.key);
}

/** A message of the watch stream. */
class PlainWatchResponse extends PlainMessage implements m.WatchResponseMessage {
  static {
    passForLiterals(this);
  }

  header: m.ResponseHeader = NO_HEADER;
  watchId = 0;
  created = false;
  canceled = false;
  compactRevision = 0n;
  cancelReason = '';
  fragment = false;
  events: readonly m.WatchEvent[] = [];
  readonly byteLength: number;

  constructor(byteLength: number) {
    super();
    this.byteLength = byteLength;
  }
}

function readWatchResponse(r: Reader): m.WatchResponseMessage {
  const response = new PlainWatchResponse(r.end - r.pos);
  let events: m.WatchEvent[] | undefined;
  for (let tag = r.tag(); tag !== 0; tag = r.tag()) {
    switch (tag) {
      case 0x0a:
        response.header = readHeader(r);
        break;
      case 0x10:
        response.watchId = r.number();
        break;
      case 0x18:
        response.created = r.bool();
        break;
      case 0x20:
        response.canceled = r.bool();
        break;
      case 0x28:
        response.compactRevision = r.int64();
        break;
      case 0x32:
        response.cancelReason = r.text();
        break;
      case 0x38:
        response.fragment = r.bool();
        break;
      case 0x5a:
        // A push to an empty array makes room for 17 items, and most messages have one event.
        if (events === undefined) response.events = events = [readWatchEvent(r)];
        else events.push(readWatchEvent(r));
        break;
      default:
        r.skip(tag);
    }
  }
  return response;
}

export const watch: Codec<m.WatchRequest, m.WatchResponseMessage> = hotCodec(
  writeWatchRequest,
  'WatchResponse',
  readWatchResponse,
);
