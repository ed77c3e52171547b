import { ALARMS, isAlarmKind, type AlarmKind } from './alarms.ts';
import { DrivenClock, systemClock, type Clock } from './clock.ts';
import { startCompactor } from './compactor.ts';
import { Faults, type Fault, type FaultOptions } from './faults.ts';
import { Gate } from './gate.ts';
import { checkOptions, type KnownOptions } from './known-options.ts';
import { Member } from './member.ts';
import { GrpcServer } from './http/server.ts';
import { retentionOf } from './retention.ts';
import { auth } from './services/auth.ts';
import { cluster } from './services/cluster.ts';
import { election } from './services/election.ts';
import { pages } from './pages/pages.ts';
import { health } from './services/health.ts';
import { kv } from './services/kv.ts';
import { lease } from './services/lease.ts';
import { lock } from './services/lock.ts';
import { maintenance } from './services/maintenance.ts';
import { watch } from './services/watch.ts';
import { rpcs } from './wire/descriptors.ts';

/** Options of `startEmbedded`. Defaults are etcd's own if it has one. */
export interface EmbeddedOptions {
  /** The port. Default 0, which takes a free one. */
  readonly port?: number | undefined;
  /** The host. Default `127.0.0.1`. Only loopback is accepted without `allowRemote`, since anyone could read and write. */
  readonly host?: string | undefined;
  /** Whether a host that other machines reach is accepted. Off by default. */
  readonly allowRemote?: boolean | undefined;
  /** The path of a socket in the file system, used instead of a port. */
  readonly socketPath?: string | undefined;
  /** The clock. Default: the process's clock. `advance` adds to its time. */
  readonly clock?: Clock | undefined;
  /** The member's name. Default `default`. */
  readonly name?: string | undefined;
  /** The shortest TTL of a lease in seconds. A shorter grant is raised to it. Default 2. */
  readonly minLeaseTtl?: number | undefined;
  /** The interval at which watches with progress notification get the revision if nothing happens. Default ten minutes. */
  readonly progressNotifyIntervalMs?: number | undefined;
  /** How long an unused token lives, in seconds. Default 300. */
  readonly authTokenTtl?: number | undefined;
  /** The largest number of operations in a transaction. Default 128. */
  readonly maxTxnOps?: number | undefined;
  /** The size of the largest request in bytes. Default 1.5 MiB. */
  readonly maxRequestBytes?: number | undefined;
  /**
   * The size in bytes that the database may have (QuotaBackendBytes in embed/config.go). A write above it is refused with NO_SPACE
   * and raises the alarm NOSPACE. Default 0, which is 2 GiB. A negative one is no quota.
   */
  readonly quotaBackendBytes?: number | undefined;
  /** How `autoCompactionRetention` is meant (AutoCompactionMode in embed/config.go). Default `periodic`. */
  readonly autoCompactionMode?: 'periodic' | 'revision' | undefined;
  /**
   * How much history the etcd keeps when it compacts itself (AutoCompactionRetention in embed/config.go). If the mode is `periodic`,
   * that of a time such as `5m` or `1h30m`, or of a number of hours; if it is `revision`, a number of revisions. Default 0, which
   * compacts nothing.
   */
  readonly autoCompactionRetention?: string | number | undefined;
}

/** An etcd in this process. */
export interface EmbeddedEtcd extends AsyncDisposable {
  /** The endpoint for clients, such as `127.0.0.1:45321` or `unix:/tmp/etcd.sock`. */
  readonly endpoint: string;
  /** Moves the time on. Leases and tokens that end meanwhile are gone when this returns. */
  advance(ms: number): void;
  /** Makes calls of a method fail; one call by default. */
  fail(options: FaultOptions): Fault;
  /**
   * Raises an alarm, until a client disarms it: with `NOSPACE`, puts and lease grants are refused with NO_SPACE, with `CORRUPT`
   * every change of keys and leases with CORRUPT.
   */
  raise(alarm: AlarmKind): void;
  /** Cuts every connection, as a network failure would. New ones are accepted at once. */
  disconnect(): void;
  /** Sends no answers and no events until `thaw()`. Connections stay open, and time stands still. */
  freeze(): void;
  /** Goes on after `freeze()`, with the requests that came meanwhile, in order. */
  thaw(): void;
  /** Ends everything that is open and drops the data. May be called twice. */
  close(): Promise<void>;
}

const EMBEDDED_OPTIONS: KnownOptions<EmbeddedOptions> = {
  port: true,
  host: true,
  allowRemote: true,
  socketPath: true,
  clock: true,
  name: true,
  minLeaseTtl: true,
  progressNotifyIntervalMs: true,
  authTokenTtl: true,
  maxTxnOps: true,
  maxRequestBytes: true,
  quotaBackendBytes: true,
  autoCompactionMode: true,
  autoCompactionRetention: true,
};

/** How many bytes a message may have above the largest request. */
const OVERHEAD_BYTES = 512 * 1024;

/** Starts an empty etcd v3 server in this process: one member, in memory, for development. */
export async function startEmbedded(options: EmbeddedOptions = {}): Promise<EmbeddedEtcd> {
  checkOptions(options, EMBEDDED_OPTIONS, 'startEmbedded');
  const { host = '127.0.0.1', port = 0, socketPath, maxRequestBytes = 1.5 * 2 ** 20 } = options;
  if (socketPath === undefined && options.allowRemote !== true && !isLoopback(host))
    throw new TypeError(`startEmbedded: host ${host} is not loopback, and allowRemote is not set`);
  const retention = retentionOf(options.autoCompactionMode, options.autoCompactionRetention);
  const gate = new Gate();
  const clock = new DrivenClock(options.clock ?? systemClock, gate);
  const member = new Member(
    {
      name: options.name ?? 'default',
      maxTxnOps: options.maxTxnOps ?? 128,
      maxRequestBytes,
      minLeaseTtl: options.minLeaseTtl ?? 2,
      authTokenTtl: options.authTokenTtl ?? 300,
      progressNotifyIntervalMs: options.progressNotifyIntervalMs ?? 600_000,
      quotaBackendBytes: options.quotaBackendBytes ?? 0,
    },
    clock,
    gate,
  );
  if (retention !== undefined) startCompactor(member, clock, retention);
  const faults = new Faults(rpcs.map(({ name }) => name));
  const services = [kv, watch, lease, cluster, maintenance, auth, lock, election, health].map((service) =>
    service(member),
  );
  const server = new GrpcServer(services, {
    gate,
    faults,
    maxReceiveBytes: maxRequestBytes + OVERHEAD_BYTES,
    pages: pages(member, gate),
  });
  const bound = await server.listen(socketPath === undefined ? { host, port } : { path: socketPath });
  const endpoint =
    socketPath === undefined ? `${host.includes(':') ? `[${host}]` : host}:${bound}` : `unix:${socketPath}`;
  member.clientUrl = socketPath === undefined ? `http://${endpoint}` : `unix://${socketPath}`;

  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => {
    member.hub.close();
    clock.close();
    return (closing ??= server.close());
  };
  return {
    endpoint,
    advance: (ms) => clock.advance(ms),
    fail: (fault) => faults.add(fault),
    raise: (alarm) => {
      if (!isAlarmKind(alarm)) {
        throw new TypeError(
          `raise: there is no alarm ${String(alarm)}; there are ${Object.keys(ALARMS).join(' and ')}`,
        );
      }
      member.raise(alarm);
    },
    disconnect: () => server.disconnect(),
    freeze: () => gate.shut(),
    thaw: () => gate.open(),
    close,
    [Symbol.asyncDispose]: close,
  };
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}
