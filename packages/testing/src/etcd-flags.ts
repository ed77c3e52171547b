import type { OptionChecks } from '@etcdts/core/plugin';
import { isAtLeast } from './etcd-binary.ts';

/** Options of each member of a cluster. Defaults are etcd's own. */
export interface EtcdOptions {
  /** The etcd to start. Defaults to what {@link findEtcd} finds. */
  readonly binary?: string;
  /** The certificates for TLS with clients. Peers always use plain text. */
  readonly tls?: ServerTls;
  /**
   * `default` is etcd's own, heartbeat 100 ms and election 1000 ms. It is the default for several members, because faster ones
   * lose their leader on a busy machine. `fast` is 20 ms and 200 ms, and allows TTLs of less than 2 s. It is the default for one
   * member.
   */
  readonly timing?: 'fast' | 'default';
  /** The kind of tokens, as in etcd's flag: `simple`, or `jwt,pub-key=…,priv-key=…,…`. */
  readonly authToken?: string;
  /** How long an unused simple token lives, in seconds. */
  readonly authTokenTtl?: number;
  /** The size of the database, in bytes, at which etcd raises NOSPACE. */
  readonly quotaBytes?: number;
  /** The size of the largest request, in bytes. */
  readonly maxRequestBytes?: number;
  /** The largest number of operations in a transaction. */
  readonly maxTxnOps?: number;
  /** Compaction by etcd, such as `{ mode: 'revision', retention: '100' }` or `{ mode: 'periodic', retention: '1s' }`. */
  readonly autoCompaction?: {
    /** Whether `retention` is a time or a number of revisions. */
    readonly mode: 'periodic' | 'revision';
    /** How much history stays. */
    readonly retention: string;
  };
  /** The interval at which watches with progress notification get the revision if nothing happens. */
  readonly progressNotifyIntervalMs?: number;
  /** The level of a member's log file. Defaults to `warn`. */
  readonly logLevel?: 'debug' | 'info' | 'warn' | 'error';
  /** Further flags, which override the ones above. */
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

/** The certificates of a server, as paths of PEM files. */
export interface ServerTls {
  /** The certificate of the server. */
  readonly cert: string;
  /** Its private key. */
  readonly key: string;
  /** The authority that signs the certificates of clients. */
  readonly ca?: string;
  /** Whether clients need a certificate, whose common name is then their user. Needs `ca`. */
  readonly clientCertAuth?: boolean;
}

/** The parameters of a member beside the options. */
export interface MemberPlace {
  readonly name: string;
  readonly dataDirectory: string;
  readonly clientUrl: string;
  readonly peerUrl: string;
  /** The URL under which the other members reach it. */
  readonly advertisedPeerUrl: string;
  /** The URL of `/health` and `/metrics`. It is plain HTTP even if clients need TLS. */
  readonly metricsUrl: string;
  /** All members as `name=peerUrl,…`. */
  readonly initialCluster: string;
  readonly state: 'new' | 'existing';
  readonly token: string;
}

/** Makes the command line of a member, for an etcd of the given version. */
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
    '--initial-advertise-peer-urls': place.advertisedPeerUrl,
    '--listen-metrics-urls': place.metricsUrl,
    '--initial-cluster': place.initialCluster,
    '--initial-cluster-state': place.state,
    '--initial-cluster-token': place.token,
    '--logger': 'zap',
    '--log-level': options.logLevel ?? 'warn',
    // The data do not outlive a test, so that nothing must wait for the disk. The flag came with 3.5 and late in 3.4.
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
