import type { CallOptions, EtcdOperations, KeepAlive } from '@etcdts/core';
import { isEtcdError } from '@etcdts/core';
import {
  callOptionsOf,
  checkedSignal,
  checkOptions,
  invalidArgument,
  onAbort,
  siteOf,
  toCount,
  toInt64,
  type CheckedSignal,
  type ClientSite,
  type Timer,
} from '@etcdts/core/plugin';
import { sessionEnded } from './errors.ts';
import { LateKeys } from './late-keys.ts';
import { Removals } from './removals.ts';
import { untilAnswered } from './repeat.ts';
import { setState, type Session } from './session-state.ts';

/** Options of `openSession`. */
export interface SessionOptions extends CallOptions {
  /** The time to live of the lease in seconds, a whole number from 1. Defaults to 60. etcd raises small ones; see `Session.ttl`. */
  ttl?: number | undefined;
  /**
   * A lease to adopt, instead of a new one. Its time to live is its own. With it only the options `signal` and `timeoutMs` apply.
   */
  lease?: bigint | number | undefined;
  /** Ends the opening with its reason. Afterwards it ends the session, as `orphan` does. */
  signal?: AbortSignal | undefined;
}

const DEFAULT_TTL = 60;

/**
 * Opens a session: grants a lease, or adopts one, and keeps it alive until the session ends (concurrency/session.go `NewSession`).
 *
 * It resolves or rejects within `timeoutMs`, by default the deadline of the client's calls. Lost answers and failures that pass
 * are tried again until then, each under a new id; core revokes what etcd granted and nobody uses. A lease to adopt that is gone is
 * `LEASE_NOT_FOUND`.
 */
export async function openSession(client: EtcdOperations, options: SessionOptions = {}): Promise<Session> {
  const site = siteOf(client);
  const call = callOptionsOf<SessionOptions>(client, options, { ttl: true, lease: true });
  const { ttl, lease, signal } = options;
  signal?.throwIfAborted();
  const timeoutMs = options.timeoutMs ?? site.requestTimeoutMs;
  if (lease !== undefined) {
    if (ttl !== undefined) throw invalidArgument('ttl', 'is of no use with lease: an adopted lease has one');
    checkOptions<AdoptOptions>(options, { lease: true, signal: true, timeoutMs: true });
    const kept = client.lease.keepAlive(toInt64(lease, 'lease', 1n), { signal, timeoutMs });
    const renewed = await kept.renewed;
    return new KeptSession(client, site, kept, renewed.ttl, signal);
  }
  const seconds = toCount(ttl ?? DEFAULT_TTL, 'ttl', 1);
  const granted = await untilAnswered(site, call, site.clock.now() + timeoutMs, (one) =>
    client.lease.grant(seconds, one),
  );
  if (signal?.aborted === true) {
    client.lease.revoke(granted.id).catch(() => {});
    throw signal.reason;
  }
  return new KeptSession(client, site, client.lease.keepAlive(granted.id), granted.ttl, signal);
}

type AdoptOptions = Pick<SessionOptions, 'lease' | 'signal' | 'timeoutMs'>;

class KeptSession implements Session {
  readonly client: EtcdOperations;
  readonly lease: bigint;
  readonly ttl: number;
  readonly #site: ClientSite;
  readonly #kept: KeepAlive;
  readonly #ended: CheckedSignal;
  readonly #removals: Removals;
  #closing: Promise<void> | undefined;
  #lastRemovals: Timer | undefined;

  constructor(client: EtcdOperations, site: ClientSite, kept: KeepAlive, ttl: number, ending?: AbortSignal) {
    this.client = client;
    this.lease = kept.id;
    this.ttl = ttl;
    this.#site = site;
    this.#kept = kept;
    const follow = (): void => {
      if (ending?.aborted === true) ended.abort(sessionEnded('its signal was aborted', ending.reason));
      else if (kept.signal.aborted) ended.abort(kept.signal.reason);
    };
    const ended = checkedSignal({ check: follow });
    this.#ended = ended;
    const { signal, lease } = this;
    const removals = new Removals({ client, site, lease });
    this.#removals = removals;
    const late = new LateKeys({ client, site, signal, removals });
    setState(this, { client, site, lease, ttl, signal, removals, late, lines: new Map() });
    if (signal.aborted) {
      this.#stop();
      return;
    }
    const ignore = [kept.signal, ending].map((one) => one && onAbort(one, follow));
    onAbort(signal, () => {
      for (const stop of ignore) stop?.();
      this.#stop();
    });
  }

  get signal(): AbortSignal {
    return this.#ended.signal;
  }

  async orphan(): Promise<void> {
    this.#end('it was orphaned');
    await this.#removals.allDone();
  }

  close(options?: CallOptions): Promise<void> {
    try {
      return (this.#closing ??= this.#close(callOptionsOf<CallOptions>(this.client, options, {})));
    } catch (error) {
      return Promise.reject(error as Error);
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close({ timeoutMs = this.ttl * 1_000, ...call }: CallOptions): Promise<void> {
    this.#end('it was closed');
    const deadline = this.#site.clock.now() + timeoutMs;
    try {
      await untilAnswered(this.#site, call, deadline, (one) => this.client.lease.revoke(this.lease, one));
    } catch (error) {
      if (!isEtcdError(error, 'LEASE_NOT_FOUND')) throw error;
    }
    // The keys are gone with the lease.
    this.#lastRemovals?.cancel();
    this.#removals.end();
    await this.#removals.allDone();
  }

  #end(why: string, cause?: unknown): void {
    this.#ended.abort(sessionEnded(why, cause));
  }

  /** Nobody renews the lease from now on. Removals that still run end with it, or with the client. */
  #stop(): void {
    void this.#kept.cancel();
    if (isEtcdError(this.signal.reason, 'CLIENT_CLOSED')) return this.#removals.end();
    this.#lastRemovals = this.#site.clock.after(this.ttl * 1_000, () => this.#removals.end());
  }
}
