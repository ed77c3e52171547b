import { bindMethods } from '../bound-methods.ts';
import { toCount, toInt64 } from '../bytes.ts';
import type { CallOptions } from '../call.ts';
import { CallOptionNames, NO_OPTIONS, ownOptions } from '../call-options.ts';
import { invalidArgument } from '../errors.ts';
import {
  checkKnown,
  checkSignal,
  checkTimeout,
  optionTable,
  type OptionChecks,
  type OptionTable,
} from '../known-options.ts';
import type {
  LeaseGrantResponse,
  LeaseKeepAliveResponse,
  LeaseLeasesResponse,
  LeaseRevokeResponse,
  LeaseTimeToLiveResponse,
} from '../messages.ts';
import type { KeepAlive, LeaseService } from './service.ts';
import { traced } from '../traced.ts';

/** etcd's longest time to live in seconds (server/lease/lessor.go `MaxLeaseTTL`). */
const MAX_TTL = 9_000_000_000;

/** Options of `lease.grant`. */
export interface LeaseGrantOptions extends CallOptions {
  /** The id of the new lease: positive. By default the client draws one at random. */
  id?: bigint | number | undefined;
}

const GRANT_OPTIONS = ownOptions<LeaseGrantOptions>({ id: true });

/** Options of `lease.timeToLive`. */
export interface LeaseTimeToLiveOptions extends CallOptions {
  /** Whether to list the keys attached to the lease. */
  keys?: boolean | undefined;
}

const TIME_TO_LIVE_OPTIONS = ownOptions<LeaseTimeToLiveOptions>({ keys: 'boolean' });

/** Options of `lease.keepAlive`. All keepalives share one stream, so that no others apply. */
export interface LeaseKeepAliveOptions {
  /** Ends the keepalive as `cancel` does; the iteration throws the signal's own reason. */
  signal?: AbortSignal | undefined;
  /**
   * How long the first answer may take, in milliseconds, for a lease of unknown TTL. Then the lease counts as lost. Defaults to
   * the client's `requestTimeoutMs`.
   */
  timeoutMs?: number | undefined;
}

const KEEP_ALIVE_OPTIONS: OptionTable = optionTable({
  signal: checkSignal,
  timeoutMs: checkTimeout,
} satisfies OptionChecks<LeaseKeepAliveOptions>);

/**
 * Leases: keys attached to one are deleted when it expires or is revoked (clientv3 `Lease`).
 *
 * A lease is not a lock: after a pause, code may run although its lease is gone. Check `KeepAlive.signal`. Ids are positive;
 * each method refuses others with `INVALID_ARGUMENT`.
 */
export interface Lease {
  /**
   * Grants a lease for `ttl` seconds: a whole number from 1 to 9,000,000,000. The answer's `ttl` is what etcd granted,
   * which is more if `ttl` is below its minimum. Rejects with `LEASE_EXIST` if `id` is taken. If it fails with the outcome
   * `'unknown'`, or is aborted, the client revokes in the background what etcd may have granted; not if `id` is given.
   */
  grant(ttl: number, options?: LeaseGrantOptions): Promise<LeaseGrantResponse>;
  /**
   * Revokes a lease and deletes its keys, in one revision. This client's keepalives of it end before the request is sent.
   * Rejects with `LEASE_NOT_FOUND` if there is no such lease.
   */
  revoke(id: bigint | number, options?: CallOptions): Promise<LeaseRevokeResponse>;
  /** Reads the remaining life of a lease in seconds. `ttl` is -1 if there is no such lease. */
  timeToLive(id: bigint | number, options?: LeaseTimeToLiveOptions): Promise<LeaseTimeToLiveResponse>;
  /** Lists the ids of all leases, in the order in which they expire. */
  leases(options?: CallOptions): Promise<LeaseLeasesResponse>;
  /**
   * Keeps a lease alive until it is cancelled or lost, with or without a reader. It renews at a third of the TTL, over one stream
   * for all leases, on any member that can be reached. It returns at once, even for a closed client or a lease that does not
   * exist: then `signal` aborts and the iteration throws.
   */
  keepAlive(id: bigint | number, options?: LeaseKeepAliveOptions): KeepAlive;
  /**
   * Renews a lease once, over a stream of its own that has ended when this settles. If no member can answer, it tries again with
   * backoff until `timeoutMs`. Rejects with `LEASE_NOT_FOUND` if there is no such lease.
   */
  keepAliveOnce(id: bigint | number, options?: CallOptions): Promise<LeaseKeepAliveResponse>;
}

/** `Lease` over a lease service. It only checks arguments and builds messages. */
export class LeaseFacade implements Lease {
  readonly #service: LeaseService;
  readonly #names: CallOptionNames;

  constructor(service: LeaseService, names: CallOptionNames = new CallOptionNames()) {
    this.#service = service;
    this.#names = names;
    bindMethods(this, LeaseFacade.prototype);
  }

  async grant(ttl: number, options?: LeaseGrantOptions): Promise<LeaseGrantResponse> {
    const callOptions = this.#names.of(options, GRANT_OPTIONS);
    toCount(ttl, 'ttl', 1);
    if (ttl > MAX_TTL) throw invalidArgument('ttl', `must be at most ${MAX_TTL}, not ${ttl}`, 'LEASE_TTL_TOO_LARGE');
    const id = options?.id === undefined ? 0n : toId(options.id);
    return await traced(this.#service.grant({ ttl, id }, callOptions));
  }

  async revoke(id: bigint | number, options?: CallOptions): Promise<LeaseRevokeResponse> {
    return await traced(this.#service.revoke({ id: toId(id) }, this.#names.of(options)));
  }

  async timeToLive(id: bigint | number, options?: LeaseTimeToLiveOptions): Promise<LeaseTimeToLiveResponse> {
    const callOptions = this.#names.of(options, TIME_TO_LIVE_OPTIONS);
    return await traced(this.#service.timeToLive({ id: toId(id), keys: options?.keys }, callOptions));
  }

  async leases(options?: CallOptions): Promise<LeaseLeasesResponse> {
    return await traced(this.#service.leases(this.#names.of(options)));
  }

  keepAlive(id: bigint | number, options: LeaseKeepAliveOptions = NO_OPTIONS): KeepAlive {
    checkKnown(options, KEEP_ALIVE_OPTIONS);
    return this.#service.keepAlive(toId(id), options);
  }

  async keepAliveOnce(id: bigint | number, options?: CallOptions): Promise<LeaseKeepAliveResponse> {
    return await traced(this.#service.keepAliveOnce(toId(id), this.#names.of(options)));
  }
}

function toId(id: bigint | number): bigint {
  return toInt64(id, 'id', 1n);
}
