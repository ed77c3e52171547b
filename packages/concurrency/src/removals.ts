import { compare, isEtcdError, op, remedyOf, type CallOptions, type EtcdOperations } from '@etcdts/core';
import type { ClientSite } from '@etcdts/core/plugin';
import { sleep, untilAnswered } from './repeat.ts';

/** How long a removal rests whose token was refused although an interceptor had renewed it, in milliseconds. */
const TOKEN_MS = 500;

/** The parts of the removal of keys. */
export interface RemovalParts {
  readonly client: EtcdOperations;
  readonly site: ClientSite;
  readonly lease: bigint;
}

/** A key of a contender of a session. */
export interface OwnKey {
  readonly key: Buffer;
  /** Its create revision; `undefined` if no answer came to the request that put it. */
  readonly revision: bigint | undefined;
  /** Called when the key is removed, with the revision as of which it was gone. */
  readonly onRemoved?: ((revision: bigint) => void) | undefined;
}

/**
 * Removes keys of contenders that give up or give back. A key is deleted only if its create revision is ours, or, where that is not
 * known, if it is under the lease of the session: a newer key of the same name stays.
 *
 * A removal in the background goes on until etcd has answered, with tries that have deadlines of their own. It ends with the lease,
 * which takes the key along.
 */
export class Removals {
  readonly #parts: RemovalParts;
  readonly #running: Map<string, Promise<unknown>> = new Map();
  readonly #contenders: Set<Promise<unknown>> = new Set();
  readonly #over: AbortController = new AbortController();

  constructor(parts: RemovalParts) {
    this.#parts = parts;
  }

  /**
   * Deletes a key. Resolves with whether it was ours until then. If it fails, its error is thrown and the removal goes on in the
   * background.
   */
  now(own: OwnKey, options: CallOptions, deadline: number): Promise<boolean> {
    const removal = this.#remove(own, options, deadline);
    this.#track(
      own.key,
      removal.catch(() => this.#untilGone(own, options)),
    );
    return removal;
  }

  /** Deletes a key in the background. */
  later(own: OwnKey, options: CallOptions): void {
    this.#track(own.key, this.#untilGone(own, options));
  }

  /** Resolves when no removal of this key runs. A contender waits for it, so that it does not find a key that goes away. */
  async done(key: Buffer): Promise<void> {
    const name = key.toString('latin1');
    for (let one = this.#running.get(name); one !== undefined; one = this.#running.get(name)) await one;
  }

  /** Counts a contender, which may leave a key to remove. */
  follow(contender: Promise<unknown>): void {
    const left = (): void => void this.#contenders.delete(contender);
    this.#contenders.add(contender);
    contender.then(left, left);
  }

  /** Resolves when no removal runs, after the end of the session, which ends every contender. */
  async allDone(): Promise<void> {
    await Promise.allSettled(this.#contenders);
    while (this.#running.size > 0) await Promise.all(this.#running.values());
  }

  /** Ends the removals: the lease is gone, and so are the keys. */
  end(): void {
    this.#over.abort();
  }

  #track(key: Buffer, removal: Promise<unknown>): void {
    const name = key.toString('latin1');
    const before = this.#running.get(name);
    const all = Promise.all([before, removal]).then(() => {
      if (this.#running.get(name) === all) this.#running.delete(name);
    });
    this.#running.set(name, all);
  }

  #remove({ key, revision, onRemoved }: OwnKey, options: CallOptions, deadline: number): Promise<boolean> {
    const { client, site, lease } = this.#parts;
    const ours = revision === undefined ? compare.lease(key, '=', lease) : compare.createRevision(key, '=', revision);
    const request = { if: [ours], then: [op.delete(key)] };
    return untilAnswered(site, options, deadline, async (call, uncertain) => {
      const { header, succeeded } = await client.kv.txn(request, call);
      onRemoved?.(header.revision);
      // An earlier try whose answer was lost may be what has deleted it.
      return succeeded || uncertain;
    });
  }

  async #untilGone(own: OwnKey, options: CallOptions): Promise<void> {
    const { signal } = this.#over;
    const { site } = this.#parts;
    const alone = { ...options, signal, endpoint: undefined, avoid: undefined };
    while (!signal.aborted) {
      try {
        await this.#remove(own, alone, Infinity);
        return;
      } catch (error) {
        if (signal.aborted || !isEtcdError(error) || error.code === 'CLIENT_CLOSED') return;
        const { code } = error;
        if (remedyOf(error) !== 'token') {
          site.logger.warn(`concurrency: the key of a contender stays until its lease ends: ${code}`, { code });
          return;
        }
        // A member that starts refuses tokens for a while. A key that stays would be found by the next contender of the session.
        await sleep(TOKEN_MS, site, signal).catch(() => {});
      }
    }
  }
}
