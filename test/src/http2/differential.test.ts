// limit: 900 s
// The same random work on both transports, each on an etcd of its own: results, errors, outcomes and the order of events are the same.
//   DIFFERENTIAL_STEPS=20000 DIFFERENTIAL_SEED=2 npm test -- http2/differential
import { createHash } from 'node:crypto';
import { createClient, isEtcdError, op, type TxnResponse, type WatchOptions, type WatchStream } from '@etcdts/core';
import { grpcTransport, type Transport } from '@etcdts/core/plugin';
import { http2Transport } from '@etcdts/http2';
import { assert, eventually, startEtcd, startProxy, suite } from '@etcdts/testing';
import { Steps, type Side, type Step } from './differential-steps.ts';
import { Dice } from './random-bytes.ts';

const steps = Number(process.env['DIFFERENTIAL_STEPS'] ?? 1_000);
const seed = Number(process.env['DIFFERENTIAL_SEED'] ?? 1);

const test = suite('both transports', { timeoutMs: 60_000 + steps * 100 });

/** A value as text, without the ids of its etcd. Long bytes are shown by their digest. */
function shown(value: unknown): string {
  return JSON.stringify(plain(value));
}

function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return String(value);
  if (typeof value !== 'object' || value === null) return value;
  if (Buffer.isBuffer(value)) {
    const digest = (): string => `${value.length} bytes ${createHash('sha256').update(value).digest('hex')}`;
    return value.length < 100 ? value.toString('latin1') : digest();
  }
  if (Array.isArray(value)) return value.map(plain);
  const entries = Object.entries(value).filter(([name]) => !['clusterId', 'memberId', 'raftTerm'].includes(name));
  return Object.fromEntries(entries.map(([name, inner]) => [name, plain(inner)]));
}

/** What an operation came to. Of an error that no etcd has sent, the text may be another one. */
async function outcome(step: Step, side: Side): Promise<string> {
  try {
    return shown({ result: await step.run(side) });
  } catch (error) {
    if (!isEtcdError(error)) return `rejected: ${String(error)}`;
    const { code, grpcCode, outcome: effect, method, argument, message } = error;
    const text = /^(DEADLINE_EXCEEDED|UNAVAILABLE|CANCELLED)$/.test(code) ? '' : message;
    return shown({ code, grpcCode, effect, method, argument, text });
  }
}

/** The watches of one side, and all events of each. */
class Watches {
  readonly #side: Side;
  readonly #streams: WatchStream[] = [];
  readonly events: string[][] = [];

  constructor(side: Side) {
    this.#side = side;
  }

  async add(key: string, options: WatchOptions): Promise<void> {
    const events: string[] = [];
    this.events.push(events);
    const stream = this.#side.client.watch(key, options);
    this.#streams.push(stream);
    void (async () => {
      try {
        for await (const event of stream.events()) events.push(shown(event));
        events.push('the end');
      } catch (error) {
        events.push(`failed: ${isEtcdError(error) ? error.code : String(error)}`);
      }
    })();
    await stream.created.catch(() => {});
  }

  async cancel(index: number): Promise<void> {
    await this.#streams[index]?.cancel();
  }
}

test(`${steps} random steps have the same results, outcomes and events on http2 as on grpc-js (seed ${seed})`, async () => {
  const side = async (transport: Transport): Promise<Side & AsyncDisposable> => {
    const etcd = await startEtcd();
    const proxy = await startProxy(etcd.endpoint);
    const client = createClient({ endpoints: proxy.endpoint, transport });
    return {
      client,
      proxy,
      async [Symbol.asyncDispose]() {
        await client.close();
        await proxy.close();
        await etcd.close();
      },
    };
  };
  await using ours = await side(http2Transport());
  await using theirs = await side(grpcTransport());
  const sides = [ours, theirs] as const;
  const watches = [new Watches(ours), new Watches(theirs)] as const;
  const dice = new Dice(seed);
  const work = new Steps(dice);
  const done = new Map<string, number>();
  const last: string[] = [];

  /** Waits until every watch has received all that there is. Two that have received nothing yet are equal, too. */
  const settled = async (): Promise<void> => {
    const [one, other] = watches;
    const marker = { then: ['a', 'b', 'c'].map((prefix) => op.put(`${prefix}~settled`, '')) };
    const [{ header }] = (await Promise.all(sides.map(({ client }) => client.kv.txn(marker)))) as [TxnResponse];
    const current = (events: readonly string[]): boolean =>
      /^(?:the end|failed)/.test(events.at(-1) ?? '') ||
      events.at(-1)?.includes(`"modRevision":"${header.revision}"`) === true;
    await eventually(() => watches.every(({ events }) => events.every(current)), { timeoutMs: 15_000 });
    const describe = (): string => {
      const differing = one.events.findIndex((events, i) => shown(events) !== shown(other.events[i]));
      return `the events of watch ${differing} are the same: ${one.events[differing]?.length} and ${other.events[differing]?.length}`;
    };
    await eventually(() => shown(one.events) === shown(other.events), { timeoutMs: 15_000, describe });
  };

  for (let n = 0; n < steps; n++) {
    if (dice.chance(3)) {
      const options = {
        prefix: true as const,
        prevKv: dice.chance(50),
        fragment: dice.chance(50),
        ...(dice.chance(50) && { startRevision: work.compacted + dice.below(work.revision - work.compacted + 1) }),
        ...(dice.chance(20) && { filters: ['delete' as const] }),
      };
      const key = dice.pick(['', 'a', 'b', 'c']);
      await Promise.all(watches.map((one) => one.add(key, options)));
    }
    if (dice.chance(1) && watches[0].events.length > 3) {
      await settled();
      const index = dice.below(watches[0].events.length);
      await Promise.all(watches.map((one) => one.cancel(index)));
    }
    const step = work.next();
    // A watch that is not up to date would be ended by a compaction.
    if (step.name === 'compact') await settled();
    last.push(step.name);
    const [one, other] = (await Promise.all(sides.map((each) => outcome(step, each)))) as [string, string];
    if (one !== other) {
      let at = 0;
      while (one[at] === other[at]) at++;
      const from = Math.max(0, at - 200);
      throw new Error(
        `step ${n}, ${step.name}, differs:\n  http2:   …${one.slice(from, at + 200)}\n  grpc-js: …${other.slice(from, at + 200)}\nafter ${last.slice(-10).join(', ')}`,
      );
    }
    const kind = `${step.name}${one.includes('"code"') ? ', refused' : ''}`;
    done.set(kind, (done.get(kind) ?? 0) + 1);
    const now = await Promise.all(sides.map(({ client }) => client.kv.get('a', { countOnly: true })));
    assert.is(now[0]?.header.revision, now[1]?.header.revision, `after step ${n}, ${step.name}`);
    work.revision = Number(now[0]?.header.revision);
  }
  await settled();
  if (process.env['DIFFERENTIAL_STEPS'] !== undefined) {
    console.log(Array.from(done, ([kind, count]) => `${String(count).padStart(6)} ${kind}`).join('\n'));
    console.log(
      `${watches[0].events.length} watches, ${watches[0].events.flat().length} events, ${ours.proxy.accepted} connections`,
    );
  }
  assert.ok(done.size >= 20, [...done.keys()].join(', '));
  assert.ok(watches[0].events.flat().length > steps, 'there are many events');
});

test.run();
