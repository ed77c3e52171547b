import { crypto } from '../late-modules.ts';

/** Draws a random id for a lease: positive, 63 bits, from the random numbers of the system. */
export function randomLeaseId(): bigint {
  const id = BigInt.asUintN(63, crypto().randomBytes(8).readBigUInt64BE());
  // etcd reads 0 as "choose one".
  return id === 0n ? 1n : id;
}
