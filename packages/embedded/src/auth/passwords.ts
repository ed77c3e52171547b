import { randomBytes, scryptSync, timingSafeEqual } from 'node:crypto';
import { status } from '../status.ts';

/** The cost of a hash. It is low because this server is for development, and every test that signs in pays for it. */
const COST = { N: 1_024, r: 8, p: 1 };
const LENGTH = 32;
/** The longest password in bytes: etcd hashes with bcrypt, which accepts no more and compares no more. */
const MOST_BYTES = 72;

/** A password as it is stored. */
export interface HashedPassword {
  readonly salt: Buffer;
  readonly hash: Buffer;
}

/** Refuses a password that etcd cannot hash. */
export function checkPassword(password: string): void {
  if (Buffer.byteLength(password) > MOST_BYTES)
    throw status('UNKNOWN', `bcrypt: password length exceeds ${MOST_BYTES} bytes`);
}

export function hashPassword(password: string): HashedPassword {
  const salt = randomBytes(16);
  return { salt, hash: scryptSync(password, salt, LENGTH, COST) };
}

export function isPassword({ salt, hash }: HashedPassword, password: string): boolean {
  return timingSafeEqual(scryptSync(Buffer.from(password).subarray(0, MOST_BYTES), salt, LENGTH, COST), hash);
}
