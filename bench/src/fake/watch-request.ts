// The two fields of a WatchRequest that decide an answer: its kind and its watch id (rpc.proto).

export interface FakeWatchRequest {
  readonly type: 'create' | 'cancel' | 'other';
  /** The watch id. With 0 the server chooses. */
  readonly watchId: bigint;
}

const CREATE = 1;
const CANCEL = 2;
const CREATE_WATCH_ID = 7;
const CANCEL_WATCH_ID = 1;

function readVarint(bytes: Buffer, at: number): [value: bigint, next: number] {
  let value = 0n;
  for (let shift = 0n; ; shift += 7n) {
    const byte = bytes[at++] ?? 0;
    value |= BigInt(byte & 0x7f) << shift;
    if (byte < 0x80) return [value, at];
  }
}

/** Calls `each` with every field of varint or length-delimited type. */
function fields(bytes: Buffer, each: (field: number, value: bigint, content: Buffer) => void): void {
  let at = 0;
  while (at < bytes.length) {
    const [tag, afterTag] = readVarint(bytes, at);
    const [value, afterValue] = readVarint(bytes, afterTag);
    const end = (tag & 7n) === 2n ? afterValue + Number(value) : afterValue;
    each(Number(tag >> 3n), value, bytes.subarray(afterValue, end));
    at = end;
  }
}

function decode(message: Buffer): FakeWatchRequest {
  let request: FakeWatchRequest = { type: 'other', watchId: 0n };
  fields(message, (kind, _length, content) => {
    const idField = kind === CREATE ? CREATE_WATCH_ID : CANCEL_WATCH_ID;
    let watchId = 0n;
    fields(content, (field, value) => {
      if (field === idField) watchId = value;
    });
    request = { type: kind === CREATE ? 'create' : kind === CANCEL ? 'cancel' : 'other', watchId };
  });
  return request;
}

/** Makes a parser of one stream's bytes. It takes received bytes and returns the completed requests. */
export function watchRequests(): (data: Buffer) => FakeWatchRequest[] {
  let rest: Buffer = Buffer.alloc(0);
  return (data) => {
    const bytes = rest.length === 0 ? data : Buffer.concat([rest, data]);
    const requests: FakeWatchRequest[] = [];
    let at = 0;
    while (bytes.length - at >= 5) {
      const end = at + 5 + bytes.readUInt32BE(at + 1);
      if (end > bytes.length) break;
      requests.push(decode(bytes.subarray(at + 5, end)));
      at = end;
    }
    rest = bytes.subarray(at);
    return requests;
  };
}
