import { Guard, type User } from './auth/guard.ts';
import { AuthStore } from './auth/store.ts';
import { SimpleTokens } from './auth/tokens.ts';
import type { Clock } from './clock.ts';
import type { Gate } from './gate.ts';
import { Attachments } from './lease/attachments.ts';
import { Lessor } from './lease/lessor.ts';
import type { Header } from './messages.ts';
import { verdict } from './status.ts';
import { Store } from './store/store.ts';
import { WatchHub } from './watch/hub.ts';

/** What a call came with, besides its request. */
export interface Caller {
  /** The token of its metadata. */
  readonly token: string | undefined;
  /** The bytes of the request. */
  readonly bytes: number;
}

/** What a member is told to be. */
export interface MemberOptions {
  readonly name: string;
  readonly maxTxnOps: number;
  readonly maxRequestBytes: number;
  readonly minLeaseTtl: number;
  readonly authTokenTtl: number;
  readonly progressNotifyIntervalMs: number;
}

// What etcd computes for a member `default` at its default addresses.
const CLUSTER_ID = 0xcdf818194e3a8c32n;
const MEMBER_ID = 0x8e9e05c52164694dn;
const RAFT_TERM = 2;
/** What etcd puts around a request before it measures it: a header with an id, a tag and a length. */
const ENVELOPE_BYTES = 18;

/** The one member of the cluster: the store and all that goes with it. */
export class Member {
  readonly id: bigint = MEMBER_ID;
  readonly term: number = RAFT_TERM;
  readonly options: MemberOptions;
  readonly clock: Clock;
  readonly store: Store;
  readonly lessor: Lessor;
  readonly hub: WatchHub;
  readonly auth: AuthStore;
  readonly guard: Guard;
  /** Where clients find it, as a URL; set when it listens. */
  clientUrl = '';
  #index = 4;

  constructor(options: MemberOptions, clock: Clock, gate: Gate) {
    this.options = options;
    this.clock = clock;
    const attachments = new Attachments();
    this.store = new Store(attachments, (revision, changes) => this.hub.notify(revision, changes));
    this.hub = new WatchHub(this.store, gate);
    this.lessor = new Lessor(this.store, attachments, clock, options.minLeaseTtl);
    this.auth = new AuthStore(new SimpleTokens(clock, options.authTokenTtl));
    this.guard = new Guard(this.auth, this.lessor);
  }

  /** How many requests have been proposed, as the log of a real member counts them. */
  get index(): number {
    return this.#index;
  }

  header(revision: number = this.store.revision): Header {
    return { clusterId: CLUSTER_ID, memberId: MEMBER_ID, revision, raftTerm: RAFT_TERM };
  }

  /** Who calls; throws for a token that is none. While authentication is off nobody is asked. */
  userOf({ token }: Caller): User {
    return this.auth.enabled && token !== undefined ? this.auth.userOf(token) : undefined;
  }

  /** Refuses a call that comes without a token, while authentication is on. */
  checkSignedIn(caller: Caller): void {
    if (this.userOf(caller) === undefined && this.auth.enabled) throw verdict('USER_EMPTY');
  }

  /** Refuses a caller that may not do everything. */
  checkAdmin(caller: Caller): void {
    this.auth.checkAdmin(this.userOf(caller));
  }

  /** Takes in a request that a cluster would agree on: refuses what is too large, and returns who calls. */
  propose(caller: Caller): User {
    const user = this.userOf(caller);
    if (caller.bytes + ENVELOPE_BYTES > this.options.maxRequestBytes) throw verdict('REQUEST_TOO_LARGE');
    this.#index++;
    return user;
  }
}
