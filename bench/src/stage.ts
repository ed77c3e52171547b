// The servers of a run, the process that writes to the real one, and Go's client.
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type EtcdServer, NoOpenssl, type TestCertificates, createCertificates, startEtcd } from '@etcdts/testing';
import { ClientProcess } from './client-process.ts';
import type { Target } from './clients/subject.ts';
import type { FakeAddresses, FakeCounters, FakeOperation } from './fake/server.ts';
import { type Peer, nodePeer } from './process.ts';
import type { Series } from './series.ts';

/** The number of puts in a second by the process that writes for watches. */
const EVENTS_PER_SECOND = 10_000;

/** Go's client, or why there is none. */
export interface GoClient {
  readonly program?: string;
  readonly version?: string;
  readonly missing?: string;
}

const run = promisify(execFile);

/** Builds `bench/go/client`, once for each state of its source. */
export async function goClient(): Promise<GoClient> {
  const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
  try {
    const script = at('../../scripts/go-program.mjs');
    const { stdout } = await run(process.execPath, [script, at('../go/client')], { timeout: 900_000 });
    const program = stdout.trim();
    const { stdout: version } = await run(program, ['version']);
    return { program, version: version.trim() };
  } catch (error) {
    const text = String((error as { stderr?: string }).stderr || (error as Error).message);
    return { missing: /\w*Error: (.*)/.exec(text)?.[1] ?? text.trim().split('\n').at(-1) ?? text };
  }
}

/** The certificates of the fake server's TLS port, or `undefined` without openssl. */
async function certificates(): Promise<TestCertificates | undefined> {
  try {
    return await createCertificates();
  } catch (error) {
    if (error instanceof NoOpenssl) return undefined;
    throw error;
  }
}

export class Stage {
  readonly etcd: EtcdServer | undefined;
  private readonly fake: Peer;
  private readonly addresses: FakeAddresses;
  private readonly certificates: TestCertificates | undefined;
  private readonly writer: ClientProcess | undefined;

  private constructor(
    fake: Peer,
    addresses: FakeAddresses,
    made: TestCertificates | undefined,
    etcd: EtcdServer | undefined,
    writer: ClientProcess | undefined,
  ) {
    this.fake = fake;
    this.addresses = addresses;
    this.certificates = made;
    this.etcd = etcd;
    this.writer = writer;
  }

  static async set(series: readonly Series[], go: GoClient): Promise<Stage> {
    const made = series.some(({ operation }) => operation.startsWith('tls-')) ? await certificates() : undefined;
    const fake = nodePeer('fake/server.js', made === undefined ? [] : [made.server.cert, made.server.key]);
    const { addresses } = (await fake.request()) as { readonly addresses: FakeAddresses };
    if (!series.some(({ server }) => server === 'etcd')) return new Stage(fake, addresses, made, undefined, undefined);
    const etcd = await startEtcd();
    // The leanest client writes, because the machine is shared.
    const writer = new ClientProcess(go.program === undefined ? 'http2' : 'go', { go: go.program });
    await writer.open({ address: etcd.endpoint }, 'put');
    await writer.seed();
    return new Stage(fake, addresses, made, etcd, writer);
  }

  /** The server of a row; `undefined` if it cannot be there. */
  target({ server, operation }: Pick<Series, 'server' | 'operation'>): Target | undefined {
    if (server === 'etcd') return this.etcd && { address: this.etcd.endpoint };
    const address = this.addresses.ports[operation as FakeOperation];
    if (address === undefined) return undefined;
    if (!operation.startsWith('tls-')) return { address };
    return this.certificates && { address, ca: readFileSync(this.certificates.ca, 'utf8') };
  }

  /** The servers of clients with leases, one for each. */
  get leaseTargets(): readonly Target[] {
    return this.addresses.leases.map((address) => ({ address }));
  }

  async counters(): Promise<FakeCounters> {
    return (await this.fake.request('counters')) as FakeCounters;
  }

  /** Writes events for watches. */
  async write(millis: number): Promise<void> {
    const rate = EVENTS_PER_SECOND;
    await this.writer?.slice({ operation: 'put', concurrency: 1, leadMillis: 0, millis, rate });
  }

  async close(): Promise<void> {
    await Promise.all([this.fake.end(), this.writer?.end(), this.etcd?.close(), this.certificates?.close()]);
  }
}
