import type { Bytes } from '@etcdts/core';
import { invalidArgument, toKey } from '@etcdts/core/plugin';

const SLASH = Buffer.from('/');

/**
 * What the keys of everybody who contends for a name begin with: the name and a slash (concurrency/mutex.go). Those who contend for
 * `a/b` have such keys too for the name `a`, so that a lock `a` waits for them, as in clientv3.
 */
export function contendersOf(name: Bytes): Buffer {
  const key = toKey(name, 'name');
  if (LEASE.test(key.toString('latin1'))) {
    throw invalidArgument(
      'name',
      'must not end in a slash and a lease id: it would be a key of those who contend for the part before',
    );
  }
  return Buffer.concat([key, SLASH]);
}

/** A name that looks like a key of `keyOf`. Drawn ids have 14 to 16 digits, apart from one in a million. */
const LEASE = /.\/[0-9a-f]{14,16}$/s;

/** The key of a session among the contenders: its lease in hexadecimal, not padded, as clientv3 prints it. */
export function keyOf(contenders: Buffer, lease: bigint): Buffer {
  return Buffer.concat([contenders, Buffer.from(lease.toString(16))]);
}
