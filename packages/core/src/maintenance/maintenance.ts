import { bindMethods } from '../bound-methods.ts';
import { toInt64, toMemberId, toUint64 } from '../bytes.ts';
import type { CallOptions } from '../call.ts';
import { callSite } from '../call-site.ts';
import { type Clock, systemClock } from '../clock.ts';
import { CallOptionNames, ownOptions } from '../call-options.ts';
import { noneOf, shown } from '../describe.ts';
import { EtcdError, invalidArgument } from '../errors.ts';
import { checkOptions } from '../known-options.ts';
import type {
  AlarmMember,
  AlarmResponse,
  AlarmType,
  DefragmentResponse,
  DowngradeRequest,
  DowngradeResponse,
  HashKvResponse,
  HashResponse,
  MoveLeaderResponse,
  StatusResponse,
} from '../messages.ts';
import { methods } from '../methods.ts';
import type { Pipeline } from '../pipeline/pipeline.ts';
import { type Snapshot, type SnapshotOptions, SnapshotStream } from './snapshot.ts';
import { findEndpoint, timeLeft } from './statuses.ts';
import { traced } from '../traced.ts';

/** Which alarms to disarm. A field that is left out, 0 or `'none'` stands for every member or every alarm. */
export interface AlarmFilter {
  /** The member whose alarms are disarmed. */
  memberId?: bigint | number | undefined;
  /** The kind of alarm that is disarmed. */
  alarm?: AlarmType | undefined;
}

/** What a downgrade request does (DowngradeRequest.DowngradeAction). */
export type DowngradeAction = DowngradeRequest['action'];

/**
 * Maintenance of single members and of the whole cluster (clientv3 maintenance.go; etcdserverpb.Maintenance). An `endpoint` is
 * the address of one member, in the client's list or not, in the forms of `ClientOptions.endpoints`; the call goes only there.
 * etcd sends no header in the responses of `defragment` and `moveLeader`, so that theirs is all zero.
 */
export interface Maintenance {
  /** A member's version, sizes, leader and alarms. Learners answer too, and members without a leader. */
  status(endpoint: string, options?: CallOptions): Promise<StatusResponse>;
  /**
   * Gives the free space of a member's database back to the file system. The member serves nothing meanwhile, which can take
   * minutes, so defragment one member after the other. Without `timeoutMs` there is no deadline.
   */
  defragment(endpoint: string, options?: CallOptions): Promise<DefragmentResponse>;
  /** The hash of a member's whole database (Maintenance.Hash). Members differ in it; compare `hashKv`. */
  hash(endpoint: string, options?: CallOptions): Promise<HashResponse>;
  /**
   * The hash of a member's keys up to `revision`, 0 for its newest. Equal on all members for one revision and one
   * `compactRevision`. Fails with `COMPACTED` or `FUTURE_REV`.
   */
  hashKv(endpoint: string, revision?: bigint | number, options?: CallOptions): Promise<HashKvResponse>;
  /** The alarms that are raised. */
  alarmList(options?: CallOptions): Promise<AlarmResponse>;
  /**
   * Disarms one member's alarm, or with `{}` all that are raised, and returns the disarmed ones. If the cause remains, etcd
   * raises the alarm again.
   */
  alarmDisarm(filter: AlarmFilter, options?: CallOptions): Promise<AlarmResponse>;
  /**
   * Moves the leadership to the voting member `targetId`. The request goes to `endpoint`, or to the leader among the client's
   * endpoints. Fails with `NOT_LEADER` if none of them is the leader, and with `BAD_LEADER_TRANSFEREE`.
   */
  moveLeader(targetId: bigint | number, options?: CallOptions): Promise<MoveLeaderResponse>;
  /**
   * Checks, starts or ends the downgrade of the cluster to the minor version `version`, such as `3.5` (etcd 3.6 and newer).
   * `'cancel'` needs no version, and succeeds even if no downgrade is under way.
   */
  downgrade(action: DowngradeAction, version?: string, options?: CallOptions): Promise<DowngradeResponse>;
  /**
   * One member's database at this moment, verified by its SHA-256. Nothing is sent before it is read. Name the member by
   * `endpoint`. Without `timeoutMs` there is no deadline.
   */
  snapshot(options?: SnapshotOptions): Snapshot;
}

const ALARMS: readonly AlarmType[] = ['none', 'nospace', 'corrupt'];
const DOWNGRADES: readonly DowngradeAction[] = ['validate', 'enable', 'cancel'];
const SNAPSHOT_OPTIONS = ownOptions<SnapshotOptions>({ onProgress: 'function' });

/** `Maintenance` over a pipeline. `endpoints` returns the client's list, in which `moveLeader` finds the leader. */
export class MaintenanceFacade implements Maintenance {
  readonly #pipeline: Pipeline;
  readonly #endpoints: () => readonly string[];
  readonly #clock: Pick<Clock, 'now'>;
  readonly #names: CallOptionNames;

  constructor(
    pipeline: Pipeline,
    endpoints: () => readonly string[],
    clock: Pick<Clock, 'now'> = systemClock,
    names: CallOptionNames = new CallOptionNames(),
  ) {
    this.#names = names;
    this.#pipeline = pipeline;
    this.#endpoints = endpoints;
    this.#clock = clock;
    bindMethods(this, MaintenanceFacade.prototype);
  }

  async status(endpoint: string, options?: CallOptions): Promise<StatusResponse> {
    return await traced(this.#pipeline.unary(methods.status, {}, at(endpoint, this.#names.of(options))));
  }

  async defragment(endpoint: string, options?: CallOptions): Promise<DefragmentResponse> {
    const timeoutMs = options?.timeoutMs ?? Infinity;
    const callOptions = { ...at(endpoint, this.#names.of(options)), timeoutMs };
    return await traced(this.#pipeline.unary(methods.defragment, {}, callOptions));
  }

  async hash(endpoint: string, options?: CallOptions): Promise<HashResponse> {
    return await traced(this.#pipeline.unary(methods.hash, {}, at(endpoint, this.#names.of(options))));
  }

  async hashKv(endpoint: string, revision: bigint | number = 0n, options?: CallOptions): Promise<HashKvResponse> {
    const request = { revision: toInt64(revision, 'revision', 0n) };
    return await traced(this.#pipeline.unary(methods.hashKv, request, at(endpoint, this.#names.of(options))));
  }

  async alarmList(options?: CallOptions): Promise<AlarmResponse> {
    const request = { action: 'get', memberId: 0n, alarm: 'none' } as const;
    return await traced(this.#pipeline.unary(methods.alarm, request, this.#names.of(options)));
  }

  async alarmDisarm(filter: AlarmFilter, given?: CallOptions): Promise<AlarmResponse> {
    const options = this.#names.of(given);
    if (filter === undefined) throw invalidArgument('filter', 'must be given: {} stands for every alarm');
    checkOptions<AlarmFilter>(filter, { memberId: true, alarm: true }, 'filter');
    const memberId = toUint64(filter.memberId ?? 0n, 'memberId');
    const alarm = filter.alarm ?? 'none';
    if (!ALARMS.includes(alarm)) throw invalidArgument('alarm', noneOf(alarm, ALARMS));
    const left = timeLeft(options, this.#clock);
    if (memberId !== 0n && alarm !== 'none') return this.#disarm({ memberId, alarm }, options);
    // etcd itself reads 0 and 'none' as a member and an alarm that do not exist, and disarms nothing.
    const { header, alarms } = await this.alarmList(options);
    const disarmed: AlarmResponse[] = [];
    for (const raised of alarms) {
      const meant = (memberId === 0n || memberId === raised.memberId) && (alarm === 'none' || alarm === raised.alarm);
      if (meant) disarmed.push(await this.#disarm(raised, left()));
    }
    return { header: disarmed.at(-1)?.header ?? header, alarms: disarmed.flatMap((response) => response.alarms) };
  }

  #disarm({ memberId, alarm }: AlarmMember, options: CallOptions): Promise<AlarmResponse> {
    return traced(this.#pipeline.unary(methods.alarm, { action: 'deactivate', memberId, alarm }, options));
  }

  async moveLeader(targetId: bigint | number, given?: CallOptions): Promise<MoveLeaderResponse> {
    const options = this.#names.of(given);
    const request = { targetId: toMemberId(targetId, 'targetId') };
    const left = timeLeft(options, this.#clock);
    const endpoint = options.endpoint ?? (await this.#leader(options));
    return await traced(this.#pipeline.unary(methods.moveLeader, request, { ...left(), endpoint }));
  }

  async #leader(options: CallOptions): Promise<string> {
    const endpoints = this.#endpoints();
    const isLeader = (status: StatusResponse): boolean => status.leader === status.header.memberId;
    const { endpoint, failure } = await findEndpoint(this, endpoints, isLeader, options);
    if (endpoint !== undefined) return endpoint;
    const unheard = failure === undefined ? '' : ', and not all of them answer';
    throw new EtcdError({
      code: 'NOT_LEADER',
      message: `none of the endpoints ${endpoints.join(', ')} is the leader${unheard}`,
      outcome: 'not-applied',
      method: methods.moveLeader.label,
      cause: failure,
    });
  }

  async downgrade(action: DowngradeAction, version = '', options?: CallOptions): Promise<DowngradeResponse> {
    if (!DOWNGRADES.includes(action)) throw invalidArgument('action', noneOf(action, DOWNGRADES));
    if (typeof version !== 'string') throw invalidArgument('version', `must be a string, not ${shown(version)}`);
    if (version === '' && action !== 'cancel')
      throw invalidArgument('version', `must be given to ${action} a downgrade`);
    return await traced(this.#pipeline.unary(methods.downgrade, { action, version }, this.#names.of(options)));
  }

  snapshot(options?: SnapshotOptions): Snapshot {
    const callOptions = this.#names.of(options, SNAPSHOT_OPTIONS);
    const openedAt = callSite(MaintenanceFacade.prototype.snapshot);
    return new SnapshotStream(this.#pipeline, callOptions, options?.onProgress, openedAt);
  }
}

function at(endpoint: string, options: CallOptions): CallOptions {
  if (typeof endpoint !== 'string') throw invalidArgument('endpoint', `must be a string, not ${shown(endpoint)}`);
  if (endpoint === '') throw invalidArgument('endpoint', 'must not be empty: it names the member that is meant');
  return { ...options, endpoint };
}
