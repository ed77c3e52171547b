import { isAtLeast } from '@etcdts/testing';
import { comparable, difference, shown, strip } from './differential-answers.ts';
import { Generator, type Operation, type World } from './differential-operations.ts';
import type { Message, Outcome, RawEtcd, RawStream } from '../raw-etcd.ts';

const BARRIER_MS = 5_000;

/** A difference, with what led to it. */
export class Difference extends Error {}

/** Two etcds that get the same requests, and the differences of their answers. */
export class Pair {
  readonly #etcds: readonly [RawEtcd, RawEtcd];
  readonly #streams: readonly [RawStream, RawStream];
  readonly #world: World = { revision: 1, compacted: -1 };
  readonly #generator: Generator;
  readonly #last: string[] = [];
  /** Whether etcd always reports the same one of several faults of a transaction, as it does since 3.7. */
  readonly #ordered: boolean;
  #created = 0;
  #ids: unknown[] = [];

  constructor(etcds: readonly [RawEtcd, RawEtcd], seed: number, version: string) {
    this.#etcds = etcds;
    this.#streams = [etcds[0].stream('Watch.Watch'), etcds[1].stream('Watch.Watch')];
    this.#generator = new Generator(seed, this.#world, version);
    this.#ordered = isAtLeast(version, '3.7');
  }

  /** Sends the next operation to both. */
  async step(): Promise<void> {
    const { random } = this.#generator;
    const roll = random.below(1_000);
    if (roll < 20) await this.#watch();
    else if (roll < 26) await this.#cancel();
    else if (roll < 32) await this.#compact();
    else if (roll < 33) await this.#progress();
    else await this.#call(this.#generator.next());
  }

  /** Waits until both have sent everything to the watches. */
  async settle(): Promise<void> {
    const [real, embedded] = this.#streams;
    const end = performance.now() + BARRIER_MS;
    const seen = (): [string, string] => [shown(byWatch(real.received)), shown(byWatch(embedded.received))];
    for (let [one, other] = seen(); one !== other; [one, other] = seen()) {
      if (performance.now() > end) throw this.#difference('watches', difference(one, other));
      await pause(5);
    }
    // The delivered events are the same; only the revision of this response is used.
    for (const { received } of this.#streams) (received as Message[]).length = 0;
    this.#created = 0;
  }

  close(): void {
    for (const stream of this.#streams) stream.close();
  }

  async #call(operation: Operation): Promise<void> {
    const { name, request } = operation;
    this.#note(operation);
    const [real, embedded] = (await Promise.all(this.#etcds.map((etcd) => etcd.call(name, request)))) as [
      Outcome,
      Outcome,
    ];
    if (name === 'KV.Txn' && !this.#ordered && real.error && embedded.error) return;
    const [one, other] = [shown(comparable(name, real)), shown(comparable(name, embedded))];
    if (one !== other) throw this.#difference(name, difference(one, other));
    const header = (real.responses.at(-1) as { header?: { revision?: bigint } } | undefined)?.header;
    if (header?.revision !== undefined) this.#world.revision = Number(header.revision);
  }

  async #compact(): Promise<void> {
    // Previous values are read when events are sent, and a real etcd reads the history only every 100 ms.
    await this.settle();
    await pause(150);
    await this.settle();
    const operation = this.#generator.compaction();
    await this.#call(operation);
    const { revision } = operation.request as { revision: number };
    if (revision <= this.#world.revision && revision > this.#world.compacted) this.#world.compacted = revision;
    // A physical one of a revision that is compacted already waits until the first one has taken its hash.
    await this.#call({ name: operation.name, request: { revision: this.#world.compacted, physical: true } });
  }

  async #watch(): Promise<void> {
    if (this.#ids.length > 30) await this.#cancel();
    const message = this.#generator.watch(this.#ids);
    this.#note({ name: 'Watch.Watch', request: message });
    this.#created++;
    for (const stream of this.#streams) stream.send(message);
    await this.#until(() => this.#streams.every(({ received }) => creations(received).length === this.#created));
    const { watchId, canceled } = creations(this.#streams[0].received).at(-1) as Message;
    if (canceled !== true) this.#ids.push(watchId);
  }

  async #cancel(): Promise<void> {
    await this.settle();
    const watchId = this.#generator.random.pick([...this.#ids, 7_777n]);
    this.#note({ name: 'Watch.Watch', request: { cancelRequest: { watchId } } });
    for (const stream of this.#streams) stream.send({ cancelRequest: { watchId } });
    if (this.#ids.includes(watchId))
      await this.#until(() => this.#streams.every(({ received }) => received.length > 0));
    this.#ids = this.#ids.filter((id) => id !== watchId);
    await this.settle();
  }

  async #progress(): Promise<void> {
    // A real etcd sends no progress until a watch has received its history.
    await this.settle();
    await pause(150);
    this.#note({ name: 'Watch.Watch', request: { progressRequest: {} } });
    for (const stream of this.#streams) stream.send({ progressRequest: {} });
    await pause(50);
    await this.settle();
  }

  async #until(condition: () => boolean): Promise<void> {
    for (const end = performance.now() + BARRIER_MS; !condition(); await pause(1)) {
      if (performance.now() > end) throw this.#difference('Watch.Watch', 'no answer');
    }
  }

  #note(operation: Operation): void {
    this.#last.push(shown(operation));
    if (this.#last.length > 12) this.#last.shift();
  }

  #difference(where: string, what: string): Difference {
    return new Difference(`${where} differs: ${what}\nThe last operations:\n${this.#last.join('\n')}`);
  }
}

/** The events of each watch. The number of their responses is not promised, nor the headers of these. */
function byWatch(received: readonly Message[]): object {
  const watches: Record<string, unknown[]> = {};
  for (const message of received) {
    const { watchId, events = [], header, ...rest } = strip(message) as Message & { events?: unknown[] };
    const told = (watches[String(watchId)] ??= []);
    if (events.length > 0) told.push(...events);
    else told.push({ header, ...rest });
  }
  return Object.fromEntries(Object.entries(watches).sort(([a], [b]) => Number(a) - Number(b)));
}

function creations(received: readonly Message[]): Message[] {
  return received.filter(({ created }) => created === true);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
