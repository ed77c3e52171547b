import type { OptionChecks } from '@etcdts/core/plugin';
import { isAtLeast } from './etcd-binary.ts';

/** How each member of a cluster is started. Whatever is left out is etcd's own default. */
export interface EtcdOptions {
  /** The etcd to start. Defaults to what {@link findEtcd} finds. */
  readonly binary?: string;
  /** Serves clients over TLS, with the certificates at these paths; peers stay in plain text. */
  readonly tls?: ServerTls;
  /**
   * `default` is etcd's own, heartbeat 100 ms and election 1000 ms, and is what several members are started with: on a busy
   * machine, faster ones lose their leader without cause. `fast`, which one member is started with, is 20 ms and 200 ms; it
   * also lets leases live for less than 2 s.
   */
  readonly timing?: 'fast' | 'default';
  /** Which tokens authentication gives out, as in etcd's flag: `simple`, or `jwt,pub-key=…,priv-key=…,…`. */
  readonly authToken?: string;
  /** How long a simple token lives unused, in seconds. */
  readonly authTokenTtl?: number;
  /** The size of the database at which etcd raises NOSPACE. */
  readonly quotaBytes?: number;
  readonly maxRequestBytes?: number;
  readonly maxTxnOps?: number;
  /** Such as `{ mode: 'revision', retention: '100' }` or `{ mode: 'periodic', retention: '1s' }`. */
  readonly autoCompaction?: { readonly mode: 'periodic' | 'revision'; readonly retention: string };
  /** How often watches with progress notification hear of a revision when nothing happens. */
  readonly progressNotifyIntervalMs?: number;
  /** What goes to the log file of a member. Defaults to `warn`. */
  readonly logLevel?: 'debug' | 'info' | 'warn' | 'error';
  /** Further flags, which win over the ones above. */
  readonly extraArgs?: readonly string[];
}

/** The names of the options. */
export const ETCD_OPTIONS: OptionChecks<EtcdOptions> = {
  binary: 'string',
  tls: 'object',
  timing: 'string',
  authToken: 'string',
  authTokenTtl: true,
  quotaBytes: true,
  maxRequestBytes: true,
  maxTxnOps: true,
  autoCompaction: 'object',
  progressNotifyIntervalMs: true,
  logLevel: 'string',
  extraArgs: 'object',
};

/** Where a server finds its certificates: paths of PEM files. */
export interface ServerTls {
  readonly cert: string;
  readonly key: string;
  /** The authority that signs the certificates of clients. */
  readonly ca?: string;
  /** Whether a client has to show a certificate, whose common name is then its user. Needs `ca`. */
  readonly clientCertAuth?: boolean;
}

/** What a member is started with besides the options. */
export interface MemberPlace {
  readonly name: string;
  readonly dataDirectory: string;
  readonly clientUrl: string;
  readonly peerUrl: string;
  /** Plain HTTP also where clients need TLS: for `/health` and `/metrics`. */
  readonly metricsUrl: string;
  /** `name=peerUrl,…` of all members. */
  readonly initialCluster: string;
  readonly state: 'new' | 'existing';
  readonly token: string;
}

/** The command line of a member, for an etcd of the given version. */
export function toFlags(place: MemberPlace, options: EtcdOptions, version: string): string[] {
  const { tls, timing = 'fast', autoCompaction, progressNotifyIntervalMs: progress } = options;
  const progressFlag = isAtLeast(version, '3.6')
    ? '--watch-progress-notify-interval'
    : '--experimental-watch-progress-notify-interval';
  const flags: Record<string, string | number | boolean | undefined> = {
    '--name': place.name,
    '--data-dir': place.dataDirectory,
    '--listen-client-urls': place.clientUrl,
    '--advertise-client-urls': place.clientUrl,
    '--listen-peer-urls': place.peerUrl,
    '--initial-advertise-peer-urls': place.peerUrl,
    '--listen-metrics-urls': place.metricsUrl,
    '--initial-cluster': place.initialCluster,
    '--initial-cluster-state': place.state,
    '--initial-cluster-token': place.token,
    '--logger': 'zap',
    '--log-level': options.logLevel ?? 'warn',
    // The data outlives no test, so nothing waits for the disk. The flag came with 3.5 and went into late 3.4 too.
    '--unsafe-no-fsync': isAtLeast(version, '3.4.23') ? true : undefined,
    '--heartbeat-interval': timing === 'fast' ? 20 : undefined,
    '--election-timeout': timing === 'fast' ? 200 : undefined,
    '--cert-file': tls?.cert,
    '--key-file': tls?.key,
    '--trusted-ca-file': tls?.ca,
    '--client-cert-auth': tls?.clientCertAuth,
    '--auth-token': options.authToken,
    '--auth-token-ttl': options.authTokenTtl,
    '--quota-backend-bytes': options.quotaBytes,
    '--max-request-bytes': options.maxRequestBytes,
    '--max-txn-ops': options.maxTxnOps,
    '--auto-compaction-mode': autoCompaction?.mode,
    '--auto-compaction-retention': autoCompaction?.retention,
    [progressFlag]: progress === undefined ? undefined : `${progress}ms`,
  };
  const given = Object.entries(flags).filter(([, value]) => value !== undefined);
  return [...given.map(([flag, value]) => `${flag}=${value}`), ...(options.extraArgs ?? [])];
}
