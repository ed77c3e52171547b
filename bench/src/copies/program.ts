// The process in which copies are measured, beside what they stand for. It takes one message at a time.
//   node --expose-gc dist/copies/program.js <endpoint>
import { type Cache, cache } from '@etcdts/cache';
import { type EtcdClient, type KeyValue, type WatchStream, createClient } from '@etcdts/core';
import { http2Transport } from '@etcdts/http2';
import { nullTransport } from '../clients/null-transport.ts';
import { type Slice, heldBytes, startCpu } from '../measuring.ts';
import { COPIED_KEYS, COPIED_PREFIX, COPIED_WATCHED, WATCHES, keyBelow } from '../workload.ts';

/**
 * A message to the process. `watch` opens the watches of one kind. `begin` waits until all of them have so many events, and measures from
 * then on; `delivered` waits until they have so many more.
 */
export type CopyTask =
  | { readonly type: 'fill' | 'peek' | 'get' | 'close' }
  | { readonly type: 'watch'; readonly on: Watched }
  | { readonly type: 'begin' | 'delivered'; readonly events: number };

/** What serves watches: a copy, or etcd over one of the transports. */
export type Watched = 'copy' | 'etcd' | 'etcd-http2';

/** What was measured of each side. */
export type CopySlices = Readonly<Record<string, Slice>>;

const endpoints = process.argv[2] ?? '';
/** On the transport that users have by default. */
const client: EtcdClient = createClient({ endpoints });
const onHttp2: EtcdClient = createClient({ endpoints, transport: http2Transport() });
const forms = { prefix: true, pageSize: 1_000 } as const;
const PEEKS = 200_000;
const GETS = 30_000;
/** In an order in which neighbours are far from each other, so that no cache of the processor has them. */
const keys: readonly string[] = Array.from({ length: COPIED_KEYS }, (_, i) =>
  keyBelow(COPIED_PREFIX, (i * 7_919) % COPIED_KEYS),
);
let kept: Cache | undefined;
let plain: Map<string, KeyValue> | undefined;

async function readAll(onKey: (kv: KeyValue) => void): Promise<void> {
  for await (const { kvs } of client.kv.pages(COPIED_PREFIX, forms)) for (const kv of kvs) onKey(kv);
}

/** A copy that is kept for the other tasks, and a Map of what it has. */
async function both(): Promise<{ readonly copy: Cache; readonly map: ReadonlyMap<string, KeyValue> }> {
  if (kept === undefined) {
    kept = cache(client, COPIED_PREFIX);
    await kept.whenReady();
    const map = new Map<string, KeyValue>();
    await readAll((kv) => map.set(kv.key.toString(), kv));
    plain = map;
  }
  return { copy: kept, map: plain as Map<string, KeyValue> };
}

/** Reads everything, in pages alone, into a Map, and into a copy: the time of each, and what the last two hold. */
async function fill(): Promise<CopySlices> {
  const operations = COPIED_KEYS;
  const reading = startCpu();
  let seen = 0;
  await readAll(() => (seen += 1));
  const pages = { operations: seen, ...reading() };

  const before = await heldBytes();
  const map = new Map<string, KeyValue>();
  await readAll((kv) => map.set(kv.key.toString(), kv));
  const heldByMap = (await heldBytes()) - before;
  if (map.size !== operations) throw new Error(`there are ${map.size} keys`);
  map.clear();

  const empty = await heldBytes();
  const filling = startCpu();
  const copy = cache(client, COPIED_PREFIX);
  await copy.whenReady();
  const filled = { operations, ...filling() };
  const heldByCopy = (await heldBytes()) - empty;
  await copy.close();
  const held = (bytes: number): Slice => ({ operations, millis: 0, heldBytes: bytes });
  return { pages, copy: filled, 'held by map': held(heldByMap), 'held by copy': held(heldByCopy) };
}

function measured(operations: number, run: () => void): Slice {
  const spent = startCpu();
  run();
  return { operations, ...spent() };
}

async function peek(): Promise<CopySlices> {
  const { copy, map } = await both();
  let found = 0;
  const each = (look: (key: string) => object | undefined): Slice =>
    measured(PEEKS, () => {
      for (let i = 0; i < PEEKS; i++) if (look(keys[i % COPIED_KEYS] as string) !== undefined) found += 1;
    });
  const slices = { copy: each((key) => copy.peek(key)), map: each((key) => map.get(key)) };
  if (found !== 2 * PEEKS) throw new Error(`${found} keys were found`);
  return slices;
}

/** Serializable gets of a copy, and gets of a client that has its answers without a network. */
async function get(): Promise<CopySlices> {
  const { copy } = await both();
  const other = createClient({ endpoints: 'null:1', transport: nullTransport });
  const each = async (read: (key: string) => Promise<unknown>): Promise<Slice> => {
    const spent = startCpu();
    for (let i = 0; i < GETS; i++) await read(keys[i % COPIED_KEYS] as string);
    return { operations: GETS, ...spent() };
  };
  const options = { serializable: true };
  const slices = { copy: await each((key) => copy.get(key, options)), canned: await each((key) => other.kv.get(key)) };
  await other.close();
  return slices;
}

/** The watches of one kind, and how many events they were given. */
class Watching {
  delivered = 0;
  readonly #watches: readonly WatchStream[];
  #spent = startCpu();
  readonly #reading: readonly Promise<void>[];

  constructor(watches: readonly WatchStream[]) {
    this.#watches = watches;
    this.#reading = watches.map((watch) => this.#read(watch));
  }

  static async open(on: Watched): Promise<Watching> {
    const from = on === 'copy' ? (await both()).copy : on === 'etcd' ? client : onHttp2;
    const watches = Array.from({ length: WATCHES }, () => from.watch(COPIED_WATCHED));
    await Promise.all(watches.map((watch) => watch.created));
    // What the watches before have left is not to be collected at the cost of these.
    await heldBytes();
    return new Watching(watches);
  }

  /** Measures from now on: what came before has brought the code into its usual state, which V8 drops between two slices. */
  async begin(events: number): Promise<void> {
    await this.#until(events);
    this.delivered = 0;
    this.#spent = startCpu();
  }

  async end(events: number): Promise<Slice> {
    await this.#until(events);
    const slice = { operations: events, ...this.#spent() };
    await Promise.all(this.#watches.map((watch) => watch.cancel()));
    await Promise.all(this.#reading);
    return slice;
  }

  async #until(events: number): Promise<void> {
    while (this.delivered < events * WATCHES) await new Promise((resolve) => setTimeout(resolve, 5));
  }

  async #read(watch: WatchStream): Promise<void> {
    for await (const { events } of watch) this.delivered += events.length;
  }
}

let watching: Watching | undefined;

async function run(task: CopyTask): Promise<unknown> {
  switch (task.type) {
    case 'fill':
      return fill();
    case 'peek':
      return peek();
    case 'get':
      return get();
    case 'watch':
      watching = await Watching.open(task.on);
      return undefined;
    case 'begin':
      return watching?.begin(task.events);
    case 'delivered':
      return watching?.end(task.events);
    case 'close':
      return Promise.all([client.close(), onHttp2.close()]);
  }
}

process.on('message', (task: CopyTask) => {
  run(task).then(
    (result) => process.send?.({ result }),
    (error: unknown) => process.send?.({ error: error instanceof Error ? error.stack : String(error) }),
  );
});
process.on('disconnect', () => process.exit(0));
