// The counter in etcd as its history has it, and the check that both counters were never written by two.
import type { EtcdClient, WatchStream } from '@etcdts/core';
import type { Count } from './resource.ts';

/** Follows the counter in etcd: every write, in order. */
export class History implements AsyncDisposable {
  readonly written: Count[] = [];
  readonly #watch: WatchStream;
  readonly #end: Promise<void>;

  private constructor(watch: WatchStream) {
    this.#watch = watch;
    this.#end = this.#follow();
  }

  static async of(client: EtcdClient, key: string): Promise<History> {
    const watch = client.watch(key);
    await watch.created;
    return new History(watch);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#watch.cancel();
    await this.#end;
  }

  async #follow(): Promise<void> {
    for await (const { kv } of this.#watch.events()) {
      const { count, token } = kv.json<{ count: number; token: string }>();
      this.written.push({ count, token: BigInt(token) });
    }
  }
}

/** How many leaders have written a counter. Throws if a write was lost, repeated, or came after that of a later leader. */
export function leadersOf(counts: readonly Count[]): number {
  for (const [i, { count, token }] of counts.entries()) {
    if (count !== i + 1) throw new Error(`the write ${i + 1} is ${count}`);
    if (token < (counts[i - 1]?.token ?? 0n)) throw new Error(`the write ${i + 1} has the token of an earlier leader`);
  }
  return new Set(counts.map(({ token }) => token)).size;
}
