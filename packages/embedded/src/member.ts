import { Alarms, type AlarmKind } from './alarms.ts';
import { Guard, type User } from './auth/guard.ts';
import { AuthStore } from './auth/store.ts';
import { SimpleTokens } from './auth/tokens.ts';
import type { Clock } from './clock.ts';
import type { Gate } from './gate.ts';
import { Attachments } from './lease/attachments.ts';
import { Lessor } from './lease/lessor.ts';
import type { Header } from './messages.ts';
import { limitOf } from './quota.ts';
import { verdict } from './status.ts';
import { Space } from './store/space.ts';
import { Store } from './store/store.ts';
import { WatchHub } from './watch/hub.ts';

/** The data of a call beside its request. */
export interface Caller {
  /** The token in its metadata. */
  readonly token: string | undefined;
  /** The size of the request in bytes. */
  readonly bytes: number;
}

/** Options of a member. */
export interface MemberOptions {
  readonly name: string;
  readonly maxTxnOps: number;
  readonly maxRequestBytes: number;
  readonly minLeaseTtl: number;
  readonly authTokenTtl: number;
  readonly progressNotifyIntervalMs: number;
  readonly quotaBackendBytes: number;
}

// etcd computes these ids for a member `default` at its default addresses.
const CLUSTER_ID = 0xcdf818194e3a8c32n;
const MEMBER_ID = 0x8e9e05c52164694dn;
const RAFT_TERM = 2;
/** The version of etcd whose semantics this server has, as its page /version shows it. */
export const VERSIONS = { etcdserver: '3.7.1', etcdcluster: '3.7.0', storage: '3.7.0' } as const;
/** The bytes that etcd adds to a request before it measures it: a header with an id, a tag and a length. */
const ENVELOPE_BYTES = 18;

/** The one member of the cluster, with its store, leases, watches and users. */
export class Member {
  readonly id: bigint = MEMBER_ID;
  readonly term: number = RAFT_TERM;
  readonly options: MemberOptions;
  readonly clock: Clock;
  readonly space: Space = new Space();
  readonly store: Store;
  readonly lessor: Lessor;
  readonly hub: WatchHub;
  readonly auth: AuthStore;
  readonly guard: Guard;
  readonly alarms: Alarms = new Alarms();
  /** How often the page of health was asked for, by what it answered. */
  readonly checkups: { healthy: number; unhealthy: number } = { healthy: 0, unhealthy: 0 };
  /** The URL for clients. It is set when the server listens. */
  clientUrl = '';
  #index = 4;

  constructor(options: MemberOptions, clock: Clock, gate: Gate) {
    this.options = options;
    this.clock = clock;
    const attachments = new Attachments();
    this.store = new Store(attachments, this.space, (revision, changes) => this.hub.notify(revision, changes));
    this.hub = new WatchHub(this.store, gate);
    const { space, store, alarms } = this;
    this.lessor = new Lessor({ store, attachments, space, alarms, clock, minTtl: options.minLeaseTtl });
    this.auth = new AuthStore(new SimpleTokens(clock, options.authTokenTtl));
    this.guard = new Guard(this.auth, this.lessor);
  }

  /** The number of proposed requests, as in the log of a real member. */
  get index(): number {
    return this.#index;
  }

  header(revision: number = this.store.revision): Header {
    return { clusterId: CLUSTER_ID, memberId: MEMBER_ID, revision, raftTerm: RAFT_TERM };
  }

  /** Returns the user of a call. Throws for an invalid token. While authentication is off, it checks nothing. */
  userOf({ token }: Caller): User {
    return this.auth.enabled && token !== undefined ? this.auth.userOf(token) : undefined;
  }

  /** Refuses a call without a token while authentication is on. */
  checkSignedIn(caller: Caller): void {
    if (this.userOf(caller) === undefined && this.auth.enabled) throw verdict('USER_EMPTY');
  }

  /** Refuses a caller without the role root. */
  checkAdmin(caller: Caller): void {
    this.auth.checkAdmin(this.userOf(caller));
  }

  /** Counts a request that a cluster would agree on. Refuses one that is too large, and returns the user of the call. */
  propose(caller: Caller): User {
    const user = this.userOf(caller);
    if (caller.bytes + ENVELOPE_BYTES > this.options.maxRequestBytes) throw verdict('REQUEST_TOO_LARGE');
    this.#index++;
    return user;
  }

  /** Raises an alarm of this member. */
  raise(kind: AlarmKind): void {
    this.alarms.raise(this.id, kind);
  }

  /** Refuses a request for which the database has no room, and raises the alarm (server/etcdserver/api/v3rpc/quota.go). */
  checkSpace(caller: Caller, cost: number): void {
    if (cost === 0 || this.space.size + cost < limitOf(this.options.quotaBackendBytes)) return;
    try {
      this.userOf(caller);
      this.#index++;
      this.raise('NOSPACE');
    } catch {
      // With an invalid token no alarm is raised, and the answer is the same.
    }
    throw verdict('NO_SPACE');
  }

  /** Proposes a change of keys or leases. While an alarm is raised, it refuses some (apply/capped.go and apply/corrupt.go). */
  proposeChange(caller: Caller, cost: number): User {
    const user = this.propose(caller);
    if (this.alarms.has('CORRUPT')) throw verdict('CORRUPT');
    if (cost > 0 && this.alarms.has('NOSPACE')) throw verdict('NO_SPACE');
    return user;
  }
}
