// runs alone
// limit: 120 s
// Calls at full speed, over connections whose stream ids run out every few seconds. For half an hour:
//   SOAK_MINUTES=30 node --expose-gc test/dist/http2/soak.test.js
import { createClient, type EtcdClient, type EtcdError } from '@etcdts/core';
import type { Connection, ConnectionOptions, Endpoint, Transport } from '@etcdts/core/plugin';
import { assert, createCertificates, NoOpenssl, startEtcd, startProxy, suite } from '@etcdts/testing';
import type { EtcdServer, TestCertificates } from '@etcdts/testing';
import { readFileSync } from 'node:fs';

const MINUTES = Number(process.env['SOAK_MINUTES'] ?? 1 / 6);
/** How many calls a connection carries before its ids are used up. */
const CALLS = 5_000;
const WORKERS = 32;
const CUT_MS = 2_000;

const test = suite('calls at full speed', { timeoutMs: (MINUTES * 60 + 60) * 1_000 });

/** What the connections of a lane have done. */
interface Counts {
  connections: number;
  /** How many connections were given up because their ids were used up. */
  usedUp: number;
  calls: number;
}

type Http2Connection = new (
  endpoint: Endpoint,
  options: ConnectionOptions,
  settings: object,
  peeked: Set<string>,
) => Connection;

/** The transport of the package with a first id near the end, which its options do not have. */
async function lateTransport(counts: Counts): Promise<Transport> {
  const path = new URL('connection.js', import.meta.resolve('@etcdts/http2')).href;
  const { Http2Connection } = (await import(path)) as { readonly Http2Connection: Http2Connection };
  const settings = {
    windowBytes: 1 << 20,
    connectionWindowBytes: 1 << 26,
    maxHeaderListBytes: 1 << 16,
    firstStreamId: 2 ** 31 + 1 - 2 * CALLS,
  };
  const peeked = new Set<string>();
  const connect = (endpoint: Endpoint, options: ConnectionOptions): Connection => {
    counts.connections++;
    const connection = new Http2Connection(endpoint, options, settings, peeked);
    const { connect, start } = connection;
    connection.connect = (observer) =>
      connect.call(connection, {
        onReady: () => observer.onReady(),
        onLost: (failure) => {
          if (failure.details === 'the ids of streams are used up') counts.usedUp++;
          observer.onLost(failure);
        },
        onCrowded: (limit) => observer.onCrowded(limit),
      });
    connection.start = (...call) => {
      counts.calls++;
      return start.apply(connection, call);
    };
    return connection;
  };
  return { name: '@etcdts/http2', connect };
}

/**
 * Whether a cut explains a failure. On a busy machine, one cut after the other may hit a connection that begins, until calls that have
 * not left reach their deadline.
 */
function isOfCut({ code, outcome }: EtcdError): boolean {
  return code === 'UNAVAILABLE' || (code === 'DEADLINE_EXCEEDED' && outcome === 'not-applied');
}

/** One key, that one worker writes and reads again. */
class Worker {
  acknowledged = 0;
  unknown = 0;
  failed = 0;
  /** The first failure that a cut does not explain. The others are only counted: kept, they would look like a leak. */
  unexplained: EtcdError | undefined;
  readonly #client: EtcdClient;
  readonly #key: string;

  constructor(client: EtcdClient, key: string) {
    this.#client = client;
    this.#key = key;
  }

  async run(until: number): Promise<void> {
    for (let i = 0; performance.now() < until; i++) {
      try {
        if (i % 8 !== 0) this.#check(await this.#client.kv.get(this.#key));
        else {
          await this.#client.kv.put(this.#key, 'v');
          this.acknowledged++;
        }
      } catch (error) {
        this.failed++;
        if ((error as EtcdError).outcome === 'unknown') this.unknown++;
        if (!isOfCut(error as EtcdError)) this.unexplained ??= error as EtcdError;
      }
    }
    // What was lost on the way may still be applied after the last read; a write of its own comes after it.
    await this.#client.kv.put(this.#key, 'last');
    this.acknowledged++;
    this.#check(await this.#client.kv.get(this.#key));
  }

  /** Each write that was acknowledged was applied once; each that is unknown, at most once. */
  #check({ kvs }: { readonly kvs: readonly { readonly version: number }[] }): void {
    const version = kvs[0]?.version ?? 0;
    const [least, most] = [this.acknowledged, this.acknowledged + this.unknown];
    if (version < least || version > most) throw new Error(`${this.#key}: version ${version}, not ${least} to ${most}`);
  }
}

interface Lane {
  readonly name: string;
  readonly counts: Counts;
  readonly client: EtcdClient;
  readonly workers: readonly Worker[];
}

async function lane(name: string, endpoints: string, tls?: { ca: Buffer }): Promise<Lane> {
  const counts = { connections: 0, usedUp: 0, calls: 0 };
  const client = createClient({ endpoints, transport: await lateTransport(counts), ...(tls && { tls }) });
  const workers = Array.from({ length: WORKERS }, (_, i) => new Worker(client, `soak/${name}/${i}`));
  return { name, counts, client, workers };
}

/** Heap and resident memory in MB, once a second; garbage is collected before if Node is started with `--expose-gc`. */
class Memory {
  readonly #samples: [at: number, heap: number, rss: number][] = [];

  sample(): void {
    (globalThis as { gc?: () => void }).gc?.();
    const { heapUsed, rss } = process.memoryUsage();
    this.#samples.push([performance.now() / 60_000, heapUsed / 1e6, rss / 1e6]);
  }

  /** The slope of the second half, in MB a minute, by the least squares. */
  slope(column: 1 | 2): number {
    const half = this.#samples.slice(this.#samples.length >> 1);
    const mean = (of: 0 | 1 | 2): number => half.reduce((sum, sample) => sum + sample[of], 0) / half.length;
    const [x, y] = [mean(0), mean(column)];
    const over = half.reduce((sum, sample) => sum + (sample[0] - x) * (sample[column] - y), 0);
    return over / half.reduce((sum, sample) => sum + (sample[0] - x) ** 2, 0);
  }

  get last(): string {
    const [, heap, rss] = this.#samples.at(-1) as [number, number, number];
    return `heap ${heap.toFixed(1)} MB, RSS ${rss.toFixed(0)} MB`;
  }
}

const failedOf = (workers: readonly Worker[]): number => workers.reduce((sum, { failed }) => sum + failed, 0);

/** Compacts an etcd, so that its data does not grow. */
async function compact(client: EtcdClient): Promise<void> {
  const { header } = await client.kv.get('soak/none');
  await client.kv.compact(header.revision).catch(() => {});
}

test(`no call fails but on connections that are cut, and ids run out, for ${(MINUTES * 60).toFixed(0)} s`, async () => {
  let certificates: TestCertificates | undefined;
  try {
    certificates = await createCertificates();
  } catch (error) {
    if (!(error instanceof NoOpenssl)) throw error;
  }
  const servers: EtcdServer[] = [await startEtcd()];
  if (certificates !== undefined) servers.push(await startEtcd({ tls: certificates.server }));
  const [plain, secure] = servers as [EtcdServer, EtcdServer | undefined];
  await using proxy = await startProxy(plain.endpoint);
  const lanes = [await lane('plain', plain.endpoint), await lane('cut', proxy.endpoint)];
  if (secure !== undefined && certificates !== undefined) {
    lanes.push(await lane('tls', secure.endpoint, { ca: readFileSync(certificates.ca) }));
  }
  const memory = new Memory();
  let cuts = 0;
  const cutting = setInterval(() => (proxy.cut(), cuts++), CUT_MS);
  const sampling = setInterval(() => memory.sample(), 1_000);
  const compacting = setInterval(() => lanes.forEach(({ client }) => void compact(client).catch(() => {})), 10_000);
  const until = performance.now() + MINUTES * 60_000;
  const began = performance.now();
  try {
    const work = lanes.flatMap(({ workers }) => workers.map((worker) => worker.run(until)));
    setTimeout(() => clearInterval(cutting), MINUTES * 60_000 - 500).unref();
    await Promise.all(work);
  } finally {
    clearInterval(cutting);
    clearInterval(sampling);
    clearInterval(compacting);
  }
  const seconds = (performance.now() - began) / 1_000;
  for (const { name, counts, workers } of lanes) {
    const { calls, connections, usedUp } = counts;
    console.log(
      `${name}: ${calls} calls, ${Math.round(calls / seconds)} a second; ${connections} connections, ${usedUp} of them used up; ${failedOf(workers)} calls failed`,
    );
  }
  const slopes = [memory.slope(1), memory.slope(2)].map((slope) => slope.toFixed(2));
  console.log(
    `${cuts} cuts; ${memory.last}; slope of the second half: heap ${slopes[0]}, RSS ${slopes[1]} MB a minute`,
  );
  for (const { name, counts, workers } of lanes) {
    assert.ok(counts.usedUp > 0, `${counts.usedUp} connections of ${name} were used up`);
    const unexplained = workers.find((worker) => worker.unexplained !== undefined)?.unexplained;
    assert.is(unexplained, undefined, `${name}: ${String(unexplained)}`);
    // One cut may end two connections, one of them nearly used up, and the next call of a worker begins on the other one.
    assert.ok(
      failedOf(workers) <= (name === 'cut' ? 2 * cuts * WORKERS : 0),
      `${failedOf(workers)} calls of ${name} failed`,
    );
  }
  for (const { client } of lanes) await client.close();
  for (const server of servers) await server.close();
  await certificates?.close();
});

test.run();
