import type { Key } from '../store/range.ts';

/** The attachments of keys to leases. The store changes them with every write; leases read them when they end. */
export class Attachments {
  readonly #leases = new Map<Key, bigint>();
  readonly #keys = new Map<bigint, Set<Key>>();

  /** Returns the lease of the key; 0n if it has none. */
  leaseOf(key: Key): bigint {
    return this.#leases.get(key) ?? 0n;
  }

  /** Returns the keys of the lease, sorted. */
  keysOf(lease: bigint): Key[] {
    return [...(this.#keys.get(lease) ?? [])].sort();
  }

  /** Attaches the key to only this lease; 0n leaves it without one. */
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
