import { bindMethods } from '../bound-methods.ts';
import { toMemberId } from '../bytes.ts';
import type { CallOptions } from '../call.ts';
import { CallOptionNames, ownOptions } from '../call-options.ts';
import type {
  MemberAddResponse,
  MemberListResponse,
  MemberPromoteResponse,
  MemberRemoveResponse,
  MemberUpdateResponse,
} from '../messages.ts';
import { methods } from '../methods.ts';
import type { Pipeline } from '../pipeline/pipeline.ts';
import { toPeerUrls } from './peer-urls.ts';
import { traced } from '../traced.ts';

/** Options of `Cluster.memberList`. */
export interface MemberListOptions extends CallOptions {
  /**
   * Whether a member answers from its own view, which may be old, and without a quorum. Defaults to false: linearizable
   * (etcd 3.5 and newer; older ones always answer from their own view).
   */
  serializable?: boolean | undefined;
}

const LIST_OPTIONS = ownOptions<MemberListOptions>({ serializable: 'boolean' });

/**
 * The members of the cluster (clientv3 cluster.go; etcdserverpb.Cluster). Member ids are unsigned 64-bit: `bigint`, or a
 * safe integer. Bad URLs and ids are refused with `INVALID_ARGUMENT` before anything is sent. A change that may have reached etcd
 * is never repeated: after `outcome: 'unknown'`, read `memberList`.
 */
export interface Cluster {
  /** Lists the members. A member that has not started yet has an empty `name`. */
  memberList(options?: MemberListOptions): Promise<MemberListResponse>;
  /**
   * Adds a voting member with these peer URLs; start it afterwards. Fails with `PEER_URL_EXIST`, or with
   * `MEMBER_NOT_ENOUGH_STARTED` or `UNHEALTHY` if the change would endanger the quorum.
   */
  memberAdd(peerUrls: readonly string[], options?: CallOptions): Promise<MemberAddResponse>;
  /** Adds a member that gets the log but has no vote, until it is promoted. Fails with `TOO_MANY_LEARNERS`. */
  memberAddAsLearner(peerUrls: readonly string[], options?: CallOptions): Promise<MemberAddResponse>;
  /** Removes a member. Fails with `MEMBER_NOT_FOUND`, even if the member was removed earlier. */
  memberRemove(id: bigint | number, options?: CallOptions): Promise<MemberRemoveResponse>;
  /** Replaces a member's peer URLs; a learner stays one. Fails with `MEMBER_NOT_FOUND`, `PEER_URL_EXIST`. */
  memberUpdate(id: bigint | number, peerUrls: readonly string[], options?: CallOptions): Promise<MemberUpdateResponse>;
  /** Makes a learner a voting member. Fails with `MEMBER_NOT_LEARNER`, `MEMBER_LEARNER_NOT_READY`, `MEMBER_NOT_FOUND`. */
  memberPromote(id: bigint | number, options?: CallOptions): Promise<MemberPromoteResponse>;
}

/** `Cluster` over a pipeline. */
export class ClusterFacade implements Cluster {
  readonly #pipeline: Pipeline;
  readonly #names: CallOptionNames;

  constructor(pipeline: Pipeline, names: CallOptionNames = new CallOptionNames()) {
    this.#pipeline = pipeline;
    this.#names = names;
    bindMethods(this, ClusterFacade.prototype);
  }

  async memberList(options?: MemberListOptions): Promise<MemberListResponse> {
    const callOptions = this.#names.of(options, LIST_OPTIONS);
    const request = { linearizable: options?.serializable !== true };
    return await traced(this.#pipeline.unary(methods.memberList, request, callOptions));
  }

  async memberAdd(peerUrls: readonly string[], options?: CallOptions): Promise<MemberAddResponse> {
    const request = { peerUrls: toPeerUrls(peerUrls, 'peerUrls'), isLearner: false };
    return await traced(this.#pipeline.unary(methods.memberAdd, request, this.#names.of(options)));
  }

  async memberAddAsLearner(peerUrls: readonly string[], options?: CallOptions): Promise<MemberAddResponse> {
    const request = { peerUrls: toPeerUrls(peerUrls, 'peerUrls'), isLearner: true };
    return await traced(this.#pipeline.unary(methods.memberAdd, request, this.#names.of(options)));
  }

  async memberRemove(id: bigint | number, options?: CallOptions): Promise<MemberRemoveResponse> {
    return await traced(
      this.#pipeline.unary(methods.memberRemove, { id: toMemberId(id, 'id') }, this.#names.of(options)),
    );
  }

  async memberUpdate(
    id: bigint | number,
    peerUrls: readonly string[],
    options?: CallOptions,
  ): Promise<MemberUpdateResponse> {
    const request = { id: toMemberId(id, 'id'), peerUrls: toPeerUrls(peerUrls, 'peerUrls') };
    return await traced(this.#pipeline.unary(methods.memberUpdate, request, this.#names.of(options)));
  }

  async memberPromote(id: bigint | number, options?: CallOptions): Promise<MemberPromoteResponse> {
    return await traced(
      this.#pipeline.unary(methods.memberPromote, { id: toMemberId(id, 'id') }, this.#names.of(options)),
    );
  }
}
