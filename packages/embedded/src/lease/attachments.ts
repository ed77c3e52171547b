import type { Key } from '../store/range.ts';

/** Which key is attached to which lease. The store changes it with every write; leases read it when they end. */
export class Attachments {
  readonly #leases = new Map<Key, bigint>();
  readonly #keys = new Map<bigint, Set<Key>>();

  /** The lease that the key is attached to; 0n for none. */
  leaseOf(key: Key): bigint {
    return this.#leases.get(key) ?? 0n;
  }

  /** The keys that are attached to the lease, sorted. */
  keysOf(lease: bigint): Key[] {
    return [...(this.#keys.get(lease) ?? [])].sort();
  }

  /** Attaches the key to the lease alone; 0n leaves it without one. */
  attach(key: Key, lease: bigint): void {
    const old = this.leaseOf(key);
    if (old === lease) return;
    const left = this.#keys.get(old);
    left?.delete(key);
    if (left?.size === 0) this.#keys.delete(old);
    if (lease === 0n) {
      this.#leases.delete(key);
      return;
    }
    this.#leases.set(key, lease);
    const keys = this.#keys.get(lease) ?? new Set();
    this.#keys.set(lease, keys.add(key));
  }
}
