import { inspect } from 'node:util';
import { systemClock, type Clock } from './clock.ts';
import { checkOptions } from './known-options.ts';

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

/** The options, each with a value. */
export type ResolvedOptions = {
  readonly [O in keyof EmbeddedOptions]-?: O extends 'socketPath'
    ? EmbeddedOptions[O]
    : NonNullable<EmbeddedOptions[O]>;
};

/** The value that each option has if it is not given. */
export const DEFAULTS: ResolvedOptions = {
  port: 0,
  host: '127.0.0.1',
  allowRemote: false,
  socketPath: undefined,
  clock: systemClock,
  name: 'default',
  minLeaseTtl: 2,
  progressNotifyIntervalMs: 600_000,
  authTokenTtl: 300,
  maxTxnOps: 128,
  maxRequestBytes: 1.5 * 2 ** 20,
  quotaBackendBytes: 0,
  autoCompactionMode: 'periodic',
  autoCompactionRetention: 0,
};

/** The values that an option may have, in words and as a check. */
interface Rule {
  readonly needs: string;
  fits(value: unknown): boolean;
}

const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) > 0;
const isLength = (value: unknown): boolean => Number.isFinite(value) && (value as number) > 0;
const isText = (value: unknown): boolean => typeof value === 'string' && value !== '';

const RULES: Readonly<Record<keyof EmbeddedOptions, Rule>> = {
  port: {
    needs: 'a whole number from 0, which takes a free port, to 65535',
    fits: (value) => Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 65_535,
  },
  host: { needs: 'the name or the address of a host, as 127.0.0.1', fits: isText },
  allowRemote: { needs: 'true or false', fits: (value) => typeof value === 'boolean' },
  socketPath: { needs: 'the path of a socket', fits: isText },
  clock: {
    needs: 'an object with the methods now and after',
    fits: (value) => {
      const { now, after } = (value ?? {}) as Partial<Clock>;
      return typeof now === 'function' && typeof after === 'function';
    },
  },
  name: { needs: 'a name', fits: isText },
  minLeaseTtl: { needs: 'a whole number of seconds, at least 1', fits: isCount },
  progressNotifyIntervalMs: { needs: 'a number of milliseconds above 0', fits: isLength },
  authTokenTtl: { needs: 'a number of seconds above 0', fits: isLength },
  maxTxnOps: { needs: 'a whole number, at least 1', fits: isCount },
  maxRequestBytes: { needs: 'a whole number of bytes, at least 1', fits: isCount },
  quotaBackendBytes: {
    needs: 'a whole number of bytes; 0 is 2 GiB, and a negative one is no quota',
    fits: (value) => Number.isSafeInteger(value),
  },
  autoCompactionMode: {
    needs: 'periodic or revision',
    fits: (value) => value === 'periodic' || value === 'revision',
  },
  autoCompactionRetention: {
    needs: 'a string or a number',
    fits: (value) => typeof value === 'string' || typeof value === 'number',
  },
};

/** Refuses a value that an option cannot have, and gives each option that is left out its default. */
export function resolveOptions(options: EmbeddedOptions): ResolvedOptions {
  checkOptions(options, RULES, 'startEmbedded');
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  for (const [name, value] of given) {
    const { needs, fits } = RULES[name as keyof EmbeddedOptions];
    if (!fits(value)) throw new TypeError(`startEmbedded: ${name} is ${shown(value)}; it must be ${needs}`);
  }
  return { ...DEFAULTS, ...(Object.fromEntries(given) as Partial<ResolvedOptions>) };
}

function shown(value: unknown): string {
  return typeof value === 'string' && value !== '' ? value : inspect(value, { depth: 0 });
}
