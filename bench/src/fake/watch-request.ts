// The two fields of a WatchRequest that decide an answer: its kind and its watch id (rpc.proto).
import { fields } from './messages.ts';

export interface FakeWatchRequest {
  readonly type: 'create' | 'cancel' | 'other';
  /** The watch id. With 0 the server chooses. */
  readonly watchId: bigint;
}

const CREATE = 1;
const CANCEL = 2;
const CREATE_WATCH_ID = 7;
const CANCEL_WATCH_ID = 1;

export function watchRequest(message: Buffer): FakeWatchRequest {
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
