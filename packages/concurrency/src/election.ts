import type { Bytes, CallOptions } from '@etcdts/core';
import { compare, op } from '@etcdts/core';
import { callOptionsOf, invalidArgument, siteOf, toBytes, toInt64, toKey } from '@etcdts/core/plugin';
import { answered } from './answered.ts';
import { contend } from './contender.ts';
import { contendersOf, keyOf } from './keys.ts';
import { leaderOf, type Leader } from './leader.ts';
import { HeldLeadership, LEADERSHIP, leads, type Leadership } from './leadership.ts';
import { observeContenders, type ObserveOptions } from './observe.ts';
import { checkSource, type SessionSource } from './session-source.ts';
import { lineOf } from './session-state.ts';
import { Tenure } from './tenure.ts';
import { beginWait } from './wait.ts';

/**
 * An election by name: the candidate with the oldest key leads (concurrency/election.go). `etcdctl elect` and clientv3 take part in
 * the same election. A session is one candidate, however often it campaigns.
 */
export interface Election {
  /**
   * Becomes a candidate with a proposal, and waits to lead. `timeoutMs` is how long, by default without a limit. If this session is
   * a candidate or the leader already, its proposal is replaced: then two leaderships share one key, and the resignation of either
   * ends both.
   *
   * Rejects with the reason of `options.signal` or of the session's signal, with `DEADLINE_EXCEEDED`, or with `LOCK_LOST` if the
   * candidate's key is deleted; the key is then removed in the background. It waits while etcd cannot be reached, until the
   * session is lost.
   */
  campaign(value: Bytes, options?: CallOptions): Promise<Leadership>;
  /**
   * Takes up a leadership again that an earlier process had under the same lease, which this session has adopted (`openSession`
   * with `lease`): checks that `key` and its create revision `revision` still lead, in one request. Resolves with `undefined` if they do
   * not, or if the key belongs to another session. A key of another election is refused (`INVALID_ARGUMENT`).
   */
  resume(key: Bytes, revision: bigint | number, options?: CallOptions): Promise<Leadership | undefined>;
  /** Reads the leader, linearizable; `undefined` if nobody leads. Works without an open session, as `leader` does. */
  leader(options?: CallOptions): Promise<Leader | undefined>;
  /** Follows the election; see `observeElection`, which does so without a session. */
  observe(options: ObserveOptions & { readonly vacancies: true }): AsyncIterable<Leader | undefined>;
  observe(options?: ObserveOptions): AsyncIterable<Leader>;
}

/**
 * Makes an election. It sends nothing before it is used. An election `a` also counts the keys that begin with `a/`, as in clientv3.
 * Throws `EMPTY_KEY` for an empty name, and `INVALID_ARGUMENT` for a name that no contender may have, and for what is no session.
 */
export function election(session: SessionSource, name: Bytes): Election {
  checkSource(session);
  return new NamedElection(session, contendersOf(name));
}

const sources = new WeakMap<object, SessionSource>();

/** The session of an election. Refuses anything else. */
export function sourceOf(given: Election): SessionSource {
  const source = typeof given === 'object' && given !== null ? sources.get(given) : undefined;
  if (source !== undefined) return source;
  throw invalidArgument('election', 'is no election: pass what election(session, name) returned');
}

class NamedElection implements Election {
  readonly #source: SessionSource;
  readonly #contenders: Buffer;

  constructor(source: SessionSource, contenders: Buffer) {
    this.#source = source;
    this.#contenders = contenders;
    sources.set(this, source);
  }

  async campaign(value: Bytes, options?: CallOptions): Promise<Leadership> {
    const proposal = toBytes(value, 'value');
    const wait = await beginWait(this.#source, options, LEADERSHIP);
    try {
      const { state, signal } = wait;
      const key = keyOf(this.#contenders, state.lease);
      // Two campaigns at once would have one key, which the one that gives up removes.
      const leave = await lineOf(state, key).enter(signal);
      try {
        const isHeld = (): boolean => leads(state, key);
        const contest = { key, value: proposal, ahead: this.#contenders, what: LEADERSHIP, replaces: true, isHeld };
        return new HeldLeadership(state, await contend(contest, wait), wait.options);
      } finally {
        leave();
      }
    } finally {
      wait.end();
    }
  }

  async resume(key: Bytes, revision: bigint | number, options?: CallOptions): Promise<Leadership | undefined> {
    const own = toKey(key, 'key');
    const created = toInt64(revision, 'revision', 1n);
    const ahead = this.#contenders;
    if (!own.subarray(0, ahead.length).equals(ahead)) {
      throw invalidArgument('key', 'is a key of another election: pass the key of a leadership of this one');
    }
    const { requestTimeoutMs } = siteOf(this.#source.client);
    const wait = await beginWait(this.#source, options, LEADERSHIP, requestTimeoutMs);
    try {
      const { state } = wait;
      if (!own.equals(keyOf(ahead, state.lease))) return undefined;
      const sort = { by: 'createRevision', order: 'ascend' } as const;
      const request = {
        if: [compare.createRevision(own, '=', created)],
        then: [op.get(ahead, { prefix: true, sort, limit: 1, keysOnly: true })],
      } as const;
      const { header, succeeded, responses } = await answered(request, wait);
      if (!succeeded || responses[0].kvs[0]?.createRevision !== created) return undefined;
      const held = { key: own, revision: created, header, what: LEADERSHIP };
      return new HeldLeadership(state, new Tenure(state, held, wait.options), wait.options);
    } finally {
      wait.end();
    }
  }

  async leader(options?: CallOptions): Promise<Leader | undefined> {
    const { client } = this.#source;
    return leaderOf(client, this.#contenders, callOptionsOf(client, options, {}));
  }

  observe(options: ObserveOptions & { readonly vacancies: true }): AsyncIterable<Leader | undefined>;
  observe(options?: ObserveOptions): AsyncIterable<Leader>;
  observe(options?: ObserveOptions): AsyncIterable<Leader | undefined> {
    return observeContenders(this.#source.client, this.#contenders, options);
  }
}
