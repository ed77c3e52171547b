import type { DeleteOp, PutOp } from '@etcdts/core';

/** What a mirror does to one key of the target. */
export type Write = PutOp | DeleteOp;

/** How large a transaction may be. */
export interface BatchLimits {
  readonly ops: number;
  readonly bytes: number;
}

/** What an operation takes beside its key and value: tags and lengths. */
const FRAME_BYTES = 32;

/** Splits writes, in order, into as few transactions as fit. One write is never split, however large it is. */
export function* batchesOf(writes: readonly Write[], limits: BatchLimits): Generator<readonly Write[], undefined> {
  let [from, bytes] = [0, 0];
  for (const [at, write] of writes.entries()) {
    const size = sizeOf(write);
    if (at > from && (at - from === limits.ops || bytes + size > limits.bytes)) {
      yield writes.slice(from, at);
      [from, bytes] = [at, 0];
    }
    bytes += size;
  }
  if (from < writes.length) yield writes.slice(from);
}

function sizeOf(write: Write): number {
  const value = write.type === 'put' ? write.request.value.length : 0;
  return write.request.key.length + value + FRAME_BYTES;
}
