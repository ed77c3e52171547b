import type { Member } from '../member.ts';
import type * as m from '../messages.ts';
import { StatusError } from '../status.ts';
import { toRange, type KeyRange } from '../store/range.ts';
import type { Delivery, Sink, Watcher } from '../watch/watcher.ts';
import { Contest } from './contest.ts';
import type { Peer, StreamListener } from './handlers.ts';

const NOTHING = Buffer.alloc(0);

/** Sends what the leaders of an election proclaim, in order, from the present leader on (Election.observe in concurrency/election.go). */
export class Observation implements StreamListener, Sink {
  readonly #member: Member;
  readonly #peer: Peer<m.LeaderResponse>;
  #contest: Contest | undefined;
  #watcher: Watcher | undefined;
  /** Whether there is a leader, whose key is watched. */
  #led = false;

  constructor(member: Member, peer: Peer<m.LeaderResponse>) {
    this.#member = member;
    this.#peer = peer;
  }

  get congested(): boolean {
    return this.#peer.congested;
  }

  message({ name }: m.LeaderRequest): void {
    this.#contest = new Contest(this.#member, this.#peer.caller, name);
    this.#look();
  }

  drain(): void {
    this.#member.hub.catchUp();
  }

  close(): void {
    if (this.#watcher) this.#member.hub.cancel(this.#watcher);
  }

  deliver(_watcher: Watcher, { revision, changes = [], compactRevision }: Delivery): void {
    // An election of etcd's ends without an error if its watch is compacted.
    if (compactRevision !== undefined) return this.#peer.end();
    for (const { kv, main, deleted } of changes) {
      if (deleted) return this.#look();
      if (!this.#led) return this.#follow(kv, main);
      this.#send(kv, revision);
    }
  }

  /** Sends the present leader and follows it, or waits for one. */
  #look(): void {
    try {
      const { header, kvs = [] } = (this.#contest as Contest).first();
      const [kv] = kvs as readonly m.KeyValue[];
      if (kv === undefined) this.#watch((this.#contest as Contest).range, 0);
      else this.#follow(kv, Number(header?.revision));
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      // A read that fails ends an election of etcd's, too.
      this.#peer.end();
    }
  }

  #follow(kv: m.KeyValue, revision: number): void {
    this.#send(kv, revision);
    this.#watch(toRange(kv.key, NOTHING), revision + 1);
  }

  /** Watches the key of a leader from a revision on, or, with 0, all keys for the next leader. */
  #watch(range: KeyRange, startRevision: number): void {
    this.close();
    this.#led = startRevision > 0;
    const wish = { id: 0n, withoutPuts: false, withoutDeletes: !this.#led, prevKv: false, fragment: false };
    this.#watcher = this.#member.hub.watch({ ...wish, range, startRevision }, this);
  }

  #send(kv: m.KeyValue, revision: number): void {
    this.#peer.send({ header: this.#member.header(revision), kv });
  }
}
