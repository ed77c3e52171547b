import type { KeyValue, WatchEvent } from '../messages.ts';
import { keyValue, readKeyValue } from './key-value.ts';
import type { Reader } from './reader.ts';

/** The fields of a WatchEvent. */
export interface WatchEventFields {
  /** Whether the key was written or deleted. */
  readonly type: 'put' | 'delete';
  /** The key after the event. `isCreate` and `isModify` follow from its revisions. */
  readonly kv: KeyValue;
  /** The key before the event, if the watch requested it. */
  readonly prevKv?: KeyValue | undefined;
}

/** Reads an Event field whose tag was read. */
export function readWatchEvent(reader: Reader): WatchEvent {
  let type: 'put' | 'delete' = 'put';
  let kv: KeyValue | undefined;
  let prevKv: KeyValue | undefined;
  const outer = reader.enter();
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === 0x12) kv = readKeyValue(reader);
    else if (tag === 0x1a) prevKv = readKeyValue(reader);
    else if (tag === 0x08) type = readType(reader);
    else reader.skip(tag);
  }
  reader.leave(outer);
  return watchEvent({ type, kv: kv ?? keyValue({}), prevKv });
}

function readType(reader: Reader): 'put' | 'delete' {
  const type = reader.number();
  if (type !== 0 && type !== 1) throw reader.malformed(`the type of an event is ${type}`);
  return type === 0 ? 'put' : 'delete';
}

/** Makes a WatchEvent like those that etcd sends. */
export function watchEvent({ type, kv, prevKv }: WatchEventFields): WatchEvent {
  const put = type === 'put';
  const created = kv.createRevision === kv.modRevision;
  const isCreate = put && created;
  const isModify = put && !created;
  return prevKv === undefined ? { type, kv, isCreate, isModify } : { type, kv, prevKv, isCreate, isModify };
}
