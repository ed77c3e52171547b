import { randomBytes, scryptSync, timingSafeEqual } from 'node:crypto';

/** Cheap on purpose: this server is for development, and every test that signs in pays for it. */
const COST = { N: 1_024, r: 8, p: 1 };
const LENGTH = 32;

/** A password as it is kept. */
export interface HashedPassword {
  readonly salt: Buffer;
  readonly hash: Buffer;
}

export function hashPassword(password: string): HashedPassword {
  const salt = randomBytes(16);
  return { salt, hash: scryptSync(password, salt, LENGTH, COST) };
}

export function isPassword({ salt, hash }: HashedPassword, password: string): boolean {
  return timingSafeEqual(scryptSync(password, salt, LENGTH, COST), hash);
}
