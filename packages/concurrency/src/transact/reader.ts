import { EtcdError, op, type GetOp, type GetResponse, type KV } from '@etcdts/core';
import type { IsolationRules } from './isolation.ts';
import type { Limits } from './limits.ts';
import { idOf, MAX_RANGE_KEYS, rangeId, rangeOp, ReadSet, type RangeRead, type Read } from './read-set.ts';

/** What an attempt works with. */
export interface ReaderParts {
  readonly kv: KV;
  readonly limits: Limits;
  readonly rules: IsolationRules;
}

/** What was read at the conflict of an earlier attempt, all of it at one revision. */
export interface Carried {
  readonly reads: ReadSet;
  readonly revision: bigint;
}

interface Answers {
  readonly responses: readonly GetResponse[];
  readonly revision: bigint;
}

/** The reads of one attempt: each key and range once, and all at one revision if the isolation wants that. */
export class Reader {
  readonly set: ReadSet = new ReadSet();
  readonly #parts: ReaderParts;
  readonly #carried: ReadSet;
  /** The revision of all reads, from the first request on, if they are of one revision. */
  #revision: Promise<bigint> | undefined;
  /** The reads that are under way. */
  readonly #keys: Map<string, Promise<Read>> = new Map();
  readonly #ranges: Map<string, Promise<RangeRead>> = new Map();

  constructor(parts: ReaderParts, carried: Carried | undefined) {
    this.#parts = parts;
    this.#carried = carried?.reads ?? new ReadSet();
    if (carried !== undefined) this.#revision = Promise.resolve(carried.revision);
  }

  /** Reads keys, in one request for those that were not read yet. */
  async keys(keys: readonly Buffer[]): Promise<readonly Read[]> {
    const reads = new Map<string, Promise<Read>>();
    const missing: Buffer[] = [];
    for (const key of keys) {
      const id = idOf(key);
      if (reads.has(id)) continue;
      const known = this.#known(key);
      const read = known === undefined ? this.#keys.get(id) : Promise.resolve(known);
      if (read === undefined) missing.push(key);
      // Its place is taken, so that it is asked for once.
      reads.set(id, read ?? UNREAD);
    }
    if (missing.length > 0) {
      const answers = this.#fetch((revision) => missing.map((key) => op.get(key, { revision })));
      missing.forEach((key, i) => {
        const read = answers.then(({ responses, revision }) =>
          this.set.add({ key, kv: responses[i]?.kvs[0], revision }),
        );
        reads.set(idOf(key), this.#underWay(this.#keys, idOf(key), read));
      });
    }
    return await Promise.all(keys.map((key) => reads.get(idOf(key)) as Promise<Read>));
  }

  /** Reads a range. */
  async range(key: Buffer, rangeEnd: Buffer): Promise<RangeRead> {
    const id = rangeId(key, rangeEnd);
    const known = this.set.findRange(key, rangeEnd) ?? this.#ranges.get(id);
    if (known !== undefined) return await known;
    const carried = this.#carried.findRange(key, rangeEnd);
    if (carried !== undefined) return this.set.addRange(carried);
    const answers = this.#fetch((revision) => [rangeOp(key, rangeEnd, revision)]);
    const read = answers.then(({ responses, revision }) => {
      const { kvs, more } = responses[0] as GetResponse;
      if (more) throw tooManyKeys();
      return this.set.addRange({ key, rangeEnd, kvs, revision });
    });
    return await this.#underWay(this.#ranges, id, read);
  }

  #known(key: Buffer): Read | undefined {
    const read = this.set.find(key);
    if (read !== undefined) return read;
    const carried = this.#carried.find(key);
    return carried && this.set.add(carried);
  }

  /** Notes a read until it has settled. The caller observes its failure, so that it is no unhandled rejection. */
  #underWay<T>(reads: Map<string, Promise<T>>, id: string, read: Promise<T>): Promise<T> {
    reads.set(id, read);
    const done = (): void => void reads.delete(id);
    read.then(done, done);
    return read;
  }

  async #fetch(ops: (revision: bigint | undefined) => readonly GetOp[]): Promise<Answers> {
    if (!this.#parts.rules.oneRevision) return await this.#send(ops(undefined));
    if (this.#revision === undefined) {
      const first = this.#send(ops(undefined));
      this.#revision = first.then(({ revision }) => revision);
      // A second read that waits for it fails as the first one does.
      this.#revision.catch(() => {});
      return await first;
    }
    const revision = await this.#revision;
    return { ...(await this.#send(ops(revision))), revision };
  }

  // A get alone is a read to every interceptor.
  async #send(ops: readonly GetOp[]): Promise<Answers> {
    const { kv, limits } = this.#parts;
    const [first] = ops;
    if (ops.length === 1 && first !== undefined) {
      const response = await kv.do(first, limits.call());
      return { responses: [response], revision: response.header.revision };
    }
    const { header, responses } = await kv.txn({ then: ops }, limits.call());
    return { responses: responses as readonly GetResponse[], revision: header.revision };
  }
}

const UNREAD: Promise<Read> = new Promise(() => {});

function tooManyKeys(): EtcdError {
  return new EtcdError({
    code: 'TOO_MANY_OPS',
    message: `the range holds more than ${MAX_RANGE_KEYS} keys, each of which would be a condition of the commit`,
    outcome: 'not-applied',
    argument: 'key',
  });
}
