import { ALARMS, isAlarmKind, type AlarmKind } from './alarms.ts';
import { DrivenClock } from './clock.ts';
import { startCompactor } from './compactor.ts';
import { Faults, type Fault, type FaultOptions } from './faults.ts';
import { Gate } from './gate.ts';
import { Member } from './member.ts';
import { GrpcServer } from './http/server.ts';
import { resolveOptions, type EmbeddedOptions } from './options.ts';
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

/** How many bytes a message may have above the largest request. */
const OVERHEAD_BYTES = 512 * 1024;

/** Starts an empty etcd v3 server in this process: one member, in memory, for development. */
export async function startEmbedded(options: EmbeddedOptions = {}): Promise<EmbeddedEtcd> {
  const resolved = resolveOptions(options);
  const { host, port, socketPath, allowRemote, maxRequestBytes } = resolved;
  if (socketPath === undefined && !allowRemote && !isLoopback(host))
    throw new TypeError(`startEmbedded: host ${host} is not loopback, and allowRemote is not set`);
  const retention = retentionOf(resolved.autoCompactionMode, resolved.autoCompactionRetention);
  const gate = new Gate();
  const clock = new DrivenClock(resolved.clock, gate);
  const member = new Member(resolved, clock, gate);
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
