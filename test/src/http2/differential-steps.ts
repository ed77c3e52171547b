// Random operations of a client, with faults between; the same seed makes the same ones.
import { compare, op, type EtcdClient } from '@etcdts/core';
import type { FaultProxy } from '@etcdts/testing';
import type { Dice } from './random-bytes.ts';

/** A client on one transport, and the proxy through which it reaches an etcd of its own. */
export interface Side {
  readonly client: EtcdClient;
  readonly proxy: FaultProxy;
}

/** One operation. Its result is compared. */
export interface Step {
  readonly name: string;
  run(side: Side): Promise<unknown>;
}

const KEYS = ['a', 'a/1', 'a/2', 'a/3', 'b', 'b/1', 'c', 'ÿ', '\0', 'long/'.repeat(40)];
const LEASES = [11, 12, 13, 14];
/** How long a call waits whose answer does not come. */
const SHORT_MS = 60;

/** Makes steps. */
export class Steps {
  readonly #dice: Dice;
  /** The newest revision that both etcds have, by the driver. */
  revision = 1;
  compacted = 1;

  constructor(dice: Dice) {
    this.#dice = dice;
  }

  next(): Step {
    const roll = this.#dice.below(100);
    if (roll < 28) return this.#put();
    if (roll < 48) return this.#get();
    if (roll < 55) return this.#delete();
    if (roll < 67) return this.#txn();
    if (roll < 77) return this.#lease();
    if (roll < 81) return this.#large();
    if (roll < 88) return this.#refused();
    if (roll < 91) return this.#many();
    if (roll < 92) return this.#compact();
    return this.#fault();
  }

  #key(): string {
    return this.#dice.pick(KEYS);
  }

  #value(): Buffer {
    const dice = this.#dice;
    return dice.bytes(dice.pick([0, 1, 10, 200, 5_000, 20_000]));
  }

  #past(): number {
    return this.compacted + this.#dice.below(this.revision - this.compacted + 1);
  }

  #put(): Step {
    const dice = this.#dice;
    const [key, value] = [this.#key(), this.#value()];
    const options = { prevKv: dice.chance(30), ...(dice.chance(25) && { lease: dice.pick(LEASES) }) };
    return { name: 'put', run: ({ client }) => client.kv.put(key, value, options) };
  }

  #get(): Step {
    const dice = this.#dice;
    const key = this.#key();
    const options = {
      ...(dice.chance(60) && { prefix: true as const }),
      ...(dice.chance(30) && { revision: this.#past() }),
      ...(dice.chance(20) && { limit: dice.below(4) }),
      ...(dice.chance(20) && {
        sort: { by: dice.pick(['key', 'version', 'modRevision'] as const), order: 'descend' as const },
      }),
      keysOnly: dice.chance(15),
      countOnly: dice.chance(10),
      serializable: dice.chance(20),
    };
    return { name: 'get', run: ({ client }) => client.kv.get(key, options) };
  }

  #delete(): Step {
    const dice = this.#dice;
    const key = this.#key();
    const options = { prevKv: dice.chance(50), ...(dice.chance(20) && { prefix: true as const }) };
    return { name: 'delete', run: ({ client }) => client.kv.delete(key, options) };
  }

  #txn(): Step {
    const dice = this.#dice;
    const [one, other] = [this.#key(), this.#key()];
    const value = this.#value();
    const condition = dice.pick([
      compare.version(one, '>', dice.below(3)),
      compare.value(one, '=', value),
      compare.createRevision(one, '=', 0),
      compare.modRevision(one, '<', this.revision),
    ]);
    const then = [
      op.put(one, value),
      op.get(other, { prefix: true }),
      ...(dice.chance(30) ? [op.put(other, 'x')] : []),
    ];
    const input = { if: [condition], then, else: [op.delete(other, { prevKv: true }), op.get(one)] };
    return { name: 'txn', run: ({ client }) => client.kv.txn(input) };
  }

  #lease(): Step {
    const dice = this.#dice;
    const id = dice.pick(LEASES);
    const ttl = 10_000 + dice.below(1_000);
    switch (dice.below(5)) {
      case 0:
        return { name: 'lease.revoke', run: ({ client }) => client.lease.revoke(id) };
      case 1:
        return {
          name: 'lease.timeToLive',
          run: async ({ client }) => sorted(await client.lease.timeToLive(id, { keys: true })),
        };
      case 2:
        return { name: 'lease.keepAliveOnce', run: ({ client }) => client.lease.keepAliveOnce(id) };
      case 3:
        return { name: 'lease.leases', run: async ({ client }) => sorted(await client.lease.leases()) };
      default:
        return { name: 'lease.grant', run: ({ client }) => client.lease.grant(ttl, { id }) };
    }
  }

  /** Values beyond every window of the beginning. */
  #large(): Step {
    const key = this.#key();
    const value = Buffer.alloc(100_000 + this.#dice.below(1_300_000), this.#dice.bytes(1_000));
    return {
      name: 'put and get of a large value',
      run: async ({ client }) => [
        await client.kv.put(key, value),
        await client.kv.get(key),
        await client.kv.put(key, 'small'),
      ],
    };
  }

  /** What etcd, or the client, refuses. */
  #refused(): Step {
    const key = this.#key();
    const big = Buffer.alloc(1_600_000);
    const steps: Step[] = [
      { name: 'get of the future', run: ({ client }) => client.kv.get(key, { revision: 1e12 }) },
      { name: 'put with no such lease', run: ({ client }) => client.kv.put(key, 'v', { lease: 999 }) },
      { name: 'put that etcd finds too large', run: ({ client }) => client.kv.put(key, big) },
      { name: 'put that the client finds too large', run: ({ client }) => client.kv.put(key, Buffer.alloc(3 << 20)) },
      {
        name: 'txn with one key twice',
        run: ({ client }) => client.kv.txn({ then: [op.put(key, '1'), op.put(key, '2')] }),
      },
      {
        name: 'put that ignores a missing value',
        run: ({ client }) => client.kv.put('none', '', { ignoreValue: true }),
      },
      { name: 'revoke of no lease', run: ({ client }) => client.lease.revoke(998) },
      { name: 'keepalive of no lease', run: ({ client }) => client.lease.keepAliveOnce(998) },
      {
        name: 'metadata that HTTP cannot carry',
        run: ({ client }) => client.kv.get(key, { metadata: { 'a b': 'c' } }),
      },
      ...(this.compacted > 1
        ? [
            {
              name: 'get of what is compacted',
              run: ({ client }: Side) => client.kv.get(key, { revision: this.compacted - 1 }),
            },
          ]
        : []),
    ];
    return this.#dice.pick(steps);
  }

  #many(): Step {
    const key = this.#key();
    const pages = this.#dice.chance(50);
    return {
      name: 'many at once',
      async run({ client }) {
        const calls = Array.from({ length: 30 }, () => client.kv.get(key, { prefix: true }));
        const found = [];
        if (pages) for await (const page of client.kv.pages('', { prefix: true, pageSize: 3 })) found.push(page);
        return [await Promise.all(calls), found];
      },
    };
  }

  #compact(): Step {
    const to = this.#past();
    if (to > this.compacted) this.compacted = to;
    return { name: 'compact', run: ({ client }) => client.kv.compact(to) };
  }

  #fault(): Step {
    const key = this.#key();
    const value = this.#value();
    const paused = async ({ proxy }: Side, call: () => Promise<unknown>): Promise<unknown> => {
      proxy.pause('toClient');
      try {
        return await call();
      } finally {
        await proxy.heal();
      }
    };
    const late = { timeoutMs: SHORT_MS };
    const steps: Step[] = [
      { name: 'get whose answer is late', run: (side) => paused(side, () => side.client.kv.get(key, late)) },
      { name: 'put whose answer is late', run: (side) => paused(side, () => side.client.kv.put(key, value, late)) },
      {
        name: 'get that is aborted',
        run: (side) =>
          paused(side, () => {
            const abort = new AbortController();
            const call = side.client.kv.get(key, { signal: abort.signal });
            setTimeout(() => abort.abort(new Error('by the test')), 10);
            return call;
          }),
      },
      {
        name: 'put that is aborted before it begins',
        run: ({ client }) => client.kv.put(key, value, { signal: AbortSignal.abort(new Error('before')) }),
      },
      { name: 'a cut', run: (side) => this.#reconnect(side, 'reset') },
      { name: 'a close', run: (side) => this.#reconnect(side, 'close') },
    ];
    return this.#dice.pick(steps);
  }

  /** Ends the connection, and waits until there is another one. */
  async #reconnect({ client, proxy }: Side, mode: 'reset' | 'close'): Promise<void> {
    const { accepted } = proxy;
    proxy.cut(mode);
    while (proxy.accepted === accepted) await client.kv.get('a').catch(() => {});
    await client.ready();
  }
}

/** A response whose lists have no promised order. */
function sorted(response: object): object {
  const entries = Object.entries(response).map(([name, value]) => [
    name,
    Array.isArray(value) ? value.map(String).sort() : name === 'ttl' ? Number(value) > 0 : (value as unknown),
  ]);
  return Object.fromEntries(entries) as object;
}
