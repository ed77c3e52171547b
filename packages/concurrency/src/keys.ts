import type { Bytes } from '@etcdts/core';
import { toKey } from '@etcdts/core/plugin';

const SLASH = Buffer.from('/');

/** What the keys of everybody who contends for a name begin with: the name and a slash (concurrency/mutex.go). */
export function contendersOf(name: Bytes): Buffer {
  return Buffer.concat([toKey(name, 'name'), SLASH]);
}

/** The key of a session among the contenders: its lease in hexadecimal, not padded, as clientv3 prints it. */
export function keyOf(contenders: Buffer, lease: bigint): Buffer {
  return Buffer.concat([contenders, Buffer.from(lease.toString(16))]);
}
