import { invalidArgument } from '../errors.ts';
import type * as m from '../messages.ts';
import type { Codec } from './codec.ts';
import { NO_HEADER, readHeader } from './header.ts';
import { hotCodec } from './hot-codec.ts';
import type { Reader } from './reader.ts';
import { readWatchEvent } from './watch-event.ts';
import type { Writer } from './writer.ts';

const FILTERS: readonly m.WatchFilter[] = ['put', 'delete'];

function writeWatchRequest(w: Writer, message: m.WatchRequest): void {
  const mark = w.mark();
  switch (message.type) {
    case 'create':
      writeCreate(w, message.request);
      w.message(0x0a, mark);
      return;
    case 'cancel':
      w.int64(0x08, message.watchId);
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

function readWatchResponse(r: Reader): m.WatchResponseMessage {
  let header = NO_HEADER;
  let watchId = 0;
  let created = false;
  let canceled = false;
  let compactRevision: number | bigint = 0;
  let cancelReason = '';
  let fragment = false;
  const events: m.WatchEvent[] = [];
  const byteLength = r.end - r.pos;
  for (let tag = r.tag(); tag !== 0; tag = r.tag()) {
    switch (tag) {
      case 0x0a:
        header = readHeader(r);
        break;
      case 0x10:
        watchId = r.number();
        break;
      case 0x18:
        created = r.bool();
        break;
      case 0x20:
        canceled = r.bool();
        break;
      case 0x28:
        compactRevision = r.int64();
        break;
      case 0x32:
        cancelReason = r.text();
        break;
      case 0x38:
        fragment = r.bool();
        break;
      case 0x5a:
        events.push(readWatchEvent(r));
        break;
      default:
        r.skip(tag);
    }
  }
  const compact = compactRevision === 0 ? 0n : BigInt(compactRevision);
  return { header, watchId, created, canceled, compactRevision: compact, cancelReason, fragment, events, byteLength };
}

export const watch: Codec<m.WatchRequest, m.WatchResponseMessage> = hotCodec(
  writeWatchRequest,
  'WatchResponse',
  readWatchResponse,
);
