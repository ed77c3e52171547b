import { randomUUID } from 'node:crypto';

/** Makes a key prefix that no other test has, in this run or in another one on the same etcd. */
export function freshPrefix(): string {
  return `contract/${randomUUID()}/`;
}
