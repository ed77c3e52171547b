// etcd's messages as this client names them: the fields of etcdserverpb/rpc.proto in camelCase. Revisions, ids and
// leases are bigint, quantities are number, bytes are Buffers. A request's absent field is the proto's default. What comes
// from etcd has its data in own enumerable properties; methods, `toJSON` too, are inherited.

/** Header of every response (etcdserverpb.ResponseHeader). */
export interface ResponseHeader {
  /** The cluster that answered. It never changes; another id is another store, with revisions of its own. */
  readonly clusterId: bigint;
  /** The member that answered. */
  readonly memberId: bigint;
  /** The store's revision when the request was applied; on watches see docs/watch.md. */
  readonly revision: bigint;
  /** The term of Raft in which the member answered. It rises with each election of a leader. */
  readonly raftTerm: bigint;
}

/** One key with its value and history (mvccpb.KeyValue). */
export interface KeyValue {
  /** The bytes of the key. In a namespace they are without its prefix. */
  readonly key: Buffer;
  /** The bytes of the value; empty in a delete event, and with `keysOnly`. */
  readonly value: Buffer;
  /** The revision at which the key was created last; 0n in a delete event. */
  readonly createRevision: bigint;
  /** The revision at which the key was written last; in a delete event, that of the deletion. */
  readonly modRevision: bigint;
  /** How often the key was written since its creation; 0 in a delete event. */
  readonly version: number;
  /** The lease that the key is attached to; 0n for none. */
  readonly lease: bigint;
  /** The value as UTF-8 text. */
  text(): string;
  /** The value parsed as JSON; throws JSON.parse's SyntaxError if it is none. */
  json<T = unknown>(): T;
}

// ---- KV -------------------------------------------------------------------------------------------------------------

/** What a range is sorted by (RangeRequest.SortTarget). */
export type SortTarget = 'key' | 'version' | 'createRevision' | 'modRevision' | 'value';
/** The direction of a sort (RangeRequest.SortOrder). */
export type SortOrder = 'none' | 'ascend' | 'descend';

/** Reads one key or a range of keys (etcdserverpb.RangeRequest). */
export interface RangeRequest {
  /** The key, or the first key of the range. It must not be empty. */
  readonly key: Uint8Array;
  /** Absent or empty: the one key. `"\0"`: every key from `key` on. */
  readonly rangeEnd?: Uint8Array | undefined;
  /** The largest number of keys; 0 or absent: all. */
  readonly limit?: number | undefined;
  /** The revision to read at; 0n or absent: the present one. `COMPACTED` or `FUTURE_REV` if the store does not have it. */
  readonly revision?: bigint | undefined;
  /** The direction; `'none'` or absent: by key, ascending, which costs etcd nothing. */
  readonly sortOrder?: SortOrder | undefined;
  /** What etcd sorts by, before `limit` cuts; absent: `'key'`. */
  readonly sortTarget?: SortTarget | undefined;
  /** Whether the member answers from its own store, without the cluster, so that the answer may be stale. */
  readonly serializable?: boolean | undefined;
  /** Whether values are left out. */
  readonly keysOnly?: boolean | undefined;
  /** Whether keys are left out, so that only `count` is set. */
  readonly countOnly?: boolean | undefined;
  /** The lowest `modRevision` of a key that is returned; 0n or absent: any. */
  readonly minModRevision?: bigint | undefined;
  /** The highest `modRevision` of a key that is returned; 0n or absent: any. */
  readonly maxModRevision?: bigint | undefined;
  /** The lowest `createRevision` of a key that is returned; 0n or absent: any. */
  readonly minCreateRevision?: bigint | undefined;
  /** The highest `createRevision` of a key that is returned; 0n or absent: any. */
  readonly maxCreateRevision?: bigint | undefined;
}

/** The keys of a range, in the order that was requested (etcdserverpb.RangeResponse). */
export interface RangeResponse {
  /** Who answered, and the revision of the store then. */
  readonly header: ResponseHeader;
  /** The keys, at most `limit` of them; empty with `countOnly`. */
  readonly kvs: readonly KeyValue[];
  /** Whether `limit` cut the answer. */
  readonly more: boolean;
  /** How many keys the range holds, whatever `limit` and the revision filters left out. */
  readonly count: number;
}

/** One part of a streamed range (KV.RangeStream, etcd 3.7); header, more and count are those of the last part. */
export interface RangeStreamResponse {
  /** The keys of this part. */
  readonly rangeResponse: RangeResponse;
}

/** Writes one key (etcdserverpb.PutRequest). */
export interface PutRequest {
  /** The key to write. It must not be empty. */
  readonly key: Uint8Array;
  /** The new value. It must be empty with `ignoreValue`. */
  readonly value: Uint8Array;
  /** The lease that the key is attached to from now on; 0n or absent: none. `LEASE_NOT_FOUND` if etcd does not have it. */
  readonly lease?: bigint | undefined;
  /** Whether the answer has the key as it was before. */
  readonly prevKv?: boolean | undefined;
  /** Whether the key keeps its value. `KEY_NOT_FOUND` if there is no such key. */
  readonly ignoreValue?: boolean | undefined;
  /** Whether the key keeps its lease. `KEY_NOT_FOUND` if there is no such key. */
  readonly ignoreLease?: boolean | undefined;
}

/** Answer to a put; `prevKv` is set if it was requested and the key existed (etcdserverpb.PutResponse). */
export interface PutResponse {
  /** Who answered, and the revision of this write. */
  readonly header: ResponseHeader;
  /** The key as it was before the write. */
  readonly prevKv?: KeyValue | undefined;
}

/** Deletes one key or a range of keys (etcdserverpb.DeleteRangeRequest). */
export interface DeleteRangeRequest {
  /** The key, or the first key of the range. It must not be empty. */
  readonly key: Uint8Array;
  /** Absent or empty: the one key. `"\0"`: every key from `key` on. Else the first key that is not in the range. */
  readonly rangeEnd?: Uint8Array | undefined;
  /** Whether the answer has the keys as they were before. */
  readonly prevKv?: boolean | undefined;
}

/** How many keys were deleted, with their old values if requested (etcdserverpb.DeleteRangeResponse). */
export interface DeleteRangeResponse {
  /** Who answered, and the revision of the deletion; if no key was deleted, of the store. */
  readonly header: ResponseHeader;
  /** How many keys were deleted. */
  readonly deleted: number;
  /** The deleted keys with their values; empty without `prevKv`. */
  readonly prevKvs: readonly KeyValue[];
}

/** What a compare looks at (Compare.CompareTarget). */
export type CompareTarget = 'version' | 'createRevision' | 'modRevision' | 'value' | 'lease';
/** How a compare compares (Compare.CompareResult). */
export type CompareResult = '=' | '!=' | '>' | '<';

/** One condition of a transaction (etcdserverpb.Compare). */
export interface Compare {
  /** The key, or the first key of the range. */
  readonly key: Uint8Array;
  /** Every key of the range must hold the condition. */
  readonly rangeEnd?: Uint8Array | undefined;
  /** Which property of the key is compared. */
  readonly target: CompareTarget;
  /** The comparison, with the property on its left and `operand` on its right. */
  readonly result: CompareResult;
  /** Bytes for target 'value', a bigint for every other. */
  readonly operand: bigint | Uint8Array;
}

/** A read as an operation of a transaction, made by `op.get`. */
export interface GetOp {
  /** The kind of operation. */
  readonly type: 'get';
  /** The read, in the fields of the proto. */
  readonly request: RangeRequest;
}
/** A write as an operation of a transaction, made by `op.put`. */
export interface PutOp {
  /** The kind of operation. */
  readonly type: 'put';
  /** The write, in the fields of the proto. */
  readonly request: PutRequest;
}
/** A deletion as an operation of a transaction, made by `op.delete`. */
export interface DeleteOp {
  /** The kind of operation. */
  readonly type: 'delete';
  /** The deletion, in the fields of the proto. */
  readonly request: DeleteRangeRequest;
}
/** A transaction inside a transaction, made by `op.txn`. */
export interface TxnOp {
  /** The kind of operation. */
  readonly type: 'txn';
  /** The inner transaction, in the fields of the proto. */
  readonly request: TxnRequest;
}
/** One operation, alone or in a transaction (etcdserverpb.RequestOp); made by `op`. */
export type Op = GetOp | PutOp | DeleteOp | TxnOp;

/** If every compare holds, etcd applies `success`, else `failure`, in one revision (etcdserverpb.TxnRequest). */
export interface TxnRequest {
  /** The conditions. Without any, `success` is applied. */
  readonly compare: readonly Compare[];
  /** The operations if every condition holds. */
  readonly success: readonly Op[];
  /** The operations if one does not. */
  readonly failure: readonly Op[];
}

/** One answer in a transaction (etcdserverpb.ResponseOp). */
export type ResponseOp =
  | {
      /** The answer to a read. */
      readonly type: 'get';
      /** Its keys. */
      readonly response: RangeResponse;
    }
  | {
      /** The answer to a write. */
      readonly type: 'put';
      /** What the key was before, if that was requested. */
      readonly response: PutResponse;
    }
  | {
      /** The answer to a deletion. */
      readonly type: 'delete';
      /** How many keys it has deleted. */
      readonly response: DeleteRangeResponse;
    }
  | {
      /** The answer to a transaction within the transaction. */
      readonly type: 'txn';
      /** Which branch was applied, with its answers. */
      readonly response: TxnResponseMessage;
    };

/** A transaction's answer as etcd sends it (etcdserverpb.TxnResponse). */
export interface TxnResponseMessage {
  /** Who answered, and the revision of what the transaction wrote; if it wrote nothing, of the store. */
  readonly header: ResponseHeader;
  /** Whether every condition held, so that `success` was applied. */
  readonly succeeded: boolean;
  /** One answer for each operation of the branch that was applied, in order. Their headers have only a revision. */
  readonly responses: readonly ResponseOp[];
}

/** Forgets the history before a revision (etcdserverpb.CompactionRequest). */
export interface CompactionRequest {
  /**
   * Everything that was overwritten or deleted before this revision is forgotten. `COMPACTED` if it has been already,
   * `FUTURE_REV` if it is to come.
   */
  readonly revision: bigint;
  /** Whether etcd answers only when the data have left its database. */
  readonly physical?: boolean | undefined;
}
/** Answer to a compaction (etcdserverpb.CompactionResponse). */
export interface CompactionResponse {
  /** Who answered, and the revision of the store then. */
  readonly header: ResponseHeader;
}

// ---- Watch ----------------------------------------------------------------------------------------------------------

/** An event that a watch leaves out (WatchCreateRequest.FilterType: NOPUT, NODELETE). */
export type WatchFilter = 'put' | 'delete';

/** Registers a watch on a stream (etcdserverpb.WatchCreateRequest). */
export interface WatchCreateRequest {
  /** The key, or the first key of the range. */
  readonly key: Uint8Array;
  /** Absent or empty: the one key. `"\0"`: every key from `key` on. Else the first key that is not in the range. */
  readonly rangeEnd?: Uint8Array | undefined;
  /** The first revision to deliver; 0n or absent: the one after the creation. */
  readonly startRevision?: bigint | undefined;
  /** Whether etcd sends a bookmark now and then while there are no events; every ten minutes, unless its flag says otherwise. */
  readonly progressNotify?: boolean | undefined;
  /** The events that are left out. */
  readonly filters?: readonly WatchFilter[] | undefined;
  /** Whether events have the key as it was before. */
  readonly prevKv?: boolean | undefined;
  /**
   * Whether etcd may send a large response in parts, `fragment: true` in all but the last; else one response may exceed a limit
   * of the receiver.
   */
  readonly fragment?: boolean | undefined;
  /** 0 or absent: etcd chooses. */
  readonly watchId?: number | undefined;
}

/** A message to the watch stream (etcdserverpb.WatchRequest). */
export type WatchRequest =
  | {
      /** Registers a watch (WatchCreateRequest). */
      readonly type: 'create';
      /** What it watches. */
      readonly request: WatchCreateRequest;
    }
  | {
      /** Ends a watch (WatchCancelRequest). */
      readonly type: 'cancel';
      /** The id of the watch on this stream. */
      readonly watchId: number;
    }
  | {
      /** Requests a bookmark for all watches of the stream (WatchProgressRequest). */
      readonly type: 'progress';
    };

/** One change of one key (mvccpb.Event). */
export interface WatchEvent {
  /** Whether the key was written or deleted. An expired lease deletes its keys. */
  readonly type: 'put' | 'delete';
  /** In a delete event only `key` and `modRevision` are set. */
  readonly kv: KeyValue;
  /** The key before the change: with `prevKv`, unless it was created here or is compacted away. */
  readonly prevKv?: KeyValue | undefined;
  /** A put that made the key. */
  readonly isCreate: boolean;
  /** A put that changed an existing key. */
  readonly isModify: boolean;
}

/** A message of the watch stream as etcd sends it (etcdserverpb.WatchResponse). */
export interface WatchResponseMessage {
  /** Who answered, and the revision of the store when the message was sent. */
  readonly header: ResponseHeader;
  /** The watch of the stream that the message is for; -1 for a bookmark of all watches. */
  readonly watchId: number;
  /** Whether it confirms a creation. */
  readonly created: boolean;
  /** Whether the watch has ended: cancelled, refused, or out of history. */
  readonly canceled: boolean;
  /** If the watch has ended because its history is gone: the first revision that etcd still has; else 0n. */
  readonly compactRevision: bigint;
  /** Why etcd ended the watch, in words; empty if it did not. */
  readonly cancelReason: string;
  /** Whether the next message continues this one. */
  readonly fragment: boolean;
  /** The events, in the order of their revisions. */
  readonly events: readonly WatchEvent[];
  /** Bytes that the message took on the wire: what buffering it costs. */
  readonly byteLength: number;
}

// ---- Lease ----------------------------------------------------------------------------------------------------------

/** Makes a lease (etcdserverpb.LeaseGrantRequest). */
export interface LeaseGrantRequest {
  /** Seconds. */
  readonly ttl: number;
  /** 0n: chosen by etcd. This client always chooses. */
  readonly id: bigint;
}
/** The lease that etcd made (etcdserverpb.LeaseGrantResponse). */
export interface LeaseGrantResponse {
  /** Who answered, and the revision of the store then. */
  readonly header: ResponseHeader;
  /** The id of the new lease. */
  readonly id: bigint;
  /** The granted time to live in seconds: etcd raises what is below its minimum. */
  readonly ttl: number;
}
/** Ends a lease and deletes its keys (etcdserverpb.LeaseRevokeRequest). */
export interface LeaseRevokeRequest {
  /** The lease to end. `LEASE_NOT_FOUND` if etcd does not have it. */
  readonly id: bigint;
}
/** Answer to a revocation (etcdserverpb.LeaseRevokeResponse). */
export interface LeaseRevokeResponse {
  /** Who answered, and the revision of the store after the keys of the lease were deleted. */
  readonly header: ResponseHeader;
}
/** Renews a lease, on the stream of all renewals (etcdserverpb.LeaseKeepAliveRequest). */
export interface LeaseKeepAliveRequest {
  /** The lease to renew. */
  readonly id: bigint;
}
/** The renewal of a lease (etcdserverpb.LeaseKeepAliveResponse). */
export interface LeaseKeepAliveResponse {
  /** Who answered, and the revision of the store then. */
  readonly header: ResponseHeader;
  /** The lease that was renewed. */
  readonly id: bigint;
  /** Seconds from now; 0 or less: the lease is gone. */
  readonly ttl: number;
}
/** Reads how long a lease has left (etcdserverpb.LeaseTimeToLiveRequest). */
export interface LeaseTimeToLiveRequest {
  /** The lease to read. */
  readonly id: bigint;
  /** Whether the answer lists the keys of the lease. */
  readonly keys?: boolean | undefined;
}
/** How long a lease has left, and its keys (etcdserverpb.LeaseTimeToLiveResponse). */
export interface LeaseTimeToLiveResponse {
  /** Who answered, and the revision of the store then. */
  readonly header: ResponseHeader;
  /** The lease that was read. */
  readonly id: bigint;
  /** Seconds left; -1: there is no such lease. */
  readonly ttl: number;
  /** Seconds as granted or last renewed; 0 if there is no such lease. */
  readonly grantedTtl: number;
  /** The attached keys, if they were requested. */
  readonly keys: readonly Buffer[];
}
/** Lists all leases (etcdserverpb.LeaseLeasesRequest). */
export interface LeaseLeasesRequest {}
/** The ids of all leases (etcdserverpb.LeaseLeasesResponse). */
export interface LeaseLeasesResponse {
  /** Who answered, and the revision of the store then. */
  readonly header: ResponseHeader;
  /** The ids, in no order that etcd promises. */
  readonly leases: readonly bigint[];
}

// ---- Cluster --------------------------------------------------------------------------------------------------------

/** A member of the cluster (etcdserverpb.Member). */
export interface Member {
  /** The id by which the member is updated, promoted or removed. */
  readonly id: bigint;
  /** Empty until the member has started. */
  readonly name: string;
  /** The URLs at which the other members reach it. */
  readonly peerUrls: readonly string[];
  /** The URLs that it advertises to clients; empty until it has started. */
  readonly clientUrls: readonly string[];
  /** Whether it only receives the log, and has no vote (etcd 3.4). */
  readonly isLearner: boolean;
}
/** Lists the members (etcdserverpb.MemberListRequest). */
export interface MemberListRequest {
  /** Whether the cluster confirms the list; else the member answers with its own, even without a quorum. */
  readonly linearizable?: boolean | undefined;
}
/** The members of the cluster (etcdserverpb.MemberListResponse). */
export interface MemberListResponse {
  /** Who answered, and the revision of the store then. Its revision is 0n. */
  readonly header: ResponseHeader;
  /** All members, those that have not started included. */
  readonly members: readonly Member[];
}
/** Adds a member, voting or learner (etcdserverpb.MemberAddRequest). */
export interface MemberAddRequest {
  /** The URLs at which the others will reach the new member. */
  readonly peerUrls: readonly string[];
  /** Whether it begins as a learner, without a vote. */
  readonly isLearner?: boolean | undefined;
}
/** The new member, and all members with it (etcdserverpb.MemberAddResponse). */
export interface MemberAddResponse {
  /** Who answered, and the revision of the store then. Its revision is 0n. */
  readonly header: ResponseHeader;
  /** The new member, with its id and without a name. */
  readonly member: Member;
  /** All members, the new one included. */
  readonly members: readonly Member[];
}
/** Removes a member (etcdserverpb.MemberRemoveRequest). */
export interface MemberRemoveRequest {
  /** The member to remove. `MEMBER_NOT_FOUND` if the cluster does not have it. */
  readonly id: bigint;
}
/** The members that remain (etcdserverpb.MemberRemoveResponse). */
export interface MemberRemoveResponse {
  /** Who answered, and the revision of the store then. Its revision is 0n. */
  readonly header: ResponseHeader;
  /** The members without the one that was removed. */
  readonly members: readonly Member[];
}
/** Changes the peer URLs of a member (etcdserverpb.MemberUpdateRequest). */
export interface MemberUpdateRequest {
  /** The member to change. */
  readonly id: bigint;
  /** Its new peer URLs, in place of all old ones. */
  readonly peerUrls: readonly string[];
}
/** The members after the change (etcdserverpb.MemberUpdateResponse). */
export interface MemberUpdateResponse {
  /** Who answered, and the revision of the store then. Its revision is 0n. */
  readonly header: ResponseHeader;
  /** All members, with the new URLs. */
  readonly members: readonly Member[];
}
/** Makes a learner a voting member (etcdserverpb.MemberPromoteRequest). */
export interface MemberPromoteRequest {
  /** The learner. `MEMBER_LEARNER_NOT_READY` until it has nearly all of the log. */
  readonly id: bigint;
}
/** The members after the promotion (etcdserverpb.MemberPromoteResponse). */
export interface MemberPromoteResponse {
  /** Who answered, and the revision of the store then. Its revision is 0n. */
  readonly header: ResponseHeader;
  /** All members, with the new voting one. */
  readonly members: readonly Member[];
}

// ---- Maintenance ----------------------------------------------------------------------------------------------------

/** An alarm that a member raised (etcdserverpb.AlarmType). */
export type AlarmType = 'none' | 'nospace' | 'corrupt';
/** An alarm with the member that raised it (etcdserverpb.AlarmMember). */
export interface AlarmMember {
  /** The member that raised it. */
  readonly memberId: bigint;
  /** What it warns of: its quota of space is exceeded, or its data differ from those of others. */
  readonly alarm: AlarmType;
}
/** Lists, raises or clears alarms (etcdserverpb.AlarmRequest). */
export interface AlarmRequest {
  /** Whether to list, raise or clear. */
  readonly action: 'get' | 'activate' | 'deactivate';
  /** The member; unused by a list. */
  readonly memberId?: bigint | undefined;
  /** The kind; `'none'` or absent: all, for a list. */
  readonly alarm?: AlarmType | undefined;
}
/** The alarms that were listed or cleared (etcdserverpb.AlarmResponse). */
export interface AlarmResponse {
  /** Who answered, and the revision of the store then. */
  readonly header: ResponseHeader;
  /** The alarms that are raised, or that were cleared. */
  readonly alarms: readonly AlarmMember[];
}
/** Asks one member for its state (etcdserverpb.StatusRequest). */
export interface StatusRequest {}
/** The state of one member (etcdserverpb.StatusResponse). */
export interface StatusResponse {
  /** Who answered, and the revision of the store then. */
  readonly header: ResponseHeader;
  /** The member's etcd version, as `3.5.30`. */
  readonly version: string;
  /** Bytes that the database takes on the disk of the member, free pages included. */
  readonly dbSize: number;
  /** Bytes of it that hold data. `defragment` gives the difference back. */
  readonly dbSizeInUse: number;
  /** Bytes at which the member raises NOSPACE; 0 before etcd 3.6. */
  readonly dbSizeQuota: number;
  /** The member id that this member takes for the leader; 0n for none. */
  readonly leader: bigint;
  /** The index of the last entry of the log that the member has committed. */
  readonly raftIndex: bigint;
  /** The term of Raft that the member is in. */
  readonly raftTerm: bigint;
  /** The index of the last entry that it has applied; far behind `raftIndex`, its reads wait. */
  readonly raftAppliedIndex: bigint;
  /** What is wrong with the member, such as an alarm or the lack of a leader; empty if nothing is. */
  readonly errors: readonly string[];
  /** Whether it has no vote. */
  readonly isLearner: boolean;
  /** Empty before etcd 3.6. */
  readonly storageVersion: string;
  /** The downgrade of the cluster (etcd 3.6). */
  readonly downgradeInfo?:
    | {
        /** Whether a downgrade is under way. */
        readonly enabled: boolean;
        /** The version that it goes to, such as `3.5.0`; empty if there is none. */
        readonly targetVersion: string;
      }
    | undefined;
}
/** Gives the free space of one member back to its disk (etcdserverpb.DefragmentRequest). */
export interface DefragmentRequest {}
/** Answer to a defragmentation (etcdserverpb.DefragmentResponse). */
export interface DefragmentResponse {
  /** etcd sends none: all fields are 0n. */
  readonly header: ResponseHeader;
}
/** Asks one member for a hash of its whole store (etcdserverpb.HashRequest). */
export interface HashRequest {}
/** The hash of a member's whole store (etcdserverpb.HashResponse). */
export interface HashResponse {
  /** Who answered, and the revision of the store then. */
  readonly header: ResponseHeader;
  /**
   * CRC-32 (Castagnoli) over the whole database of the member. Members differ without a fault, for example by their free pages.
   */
  readonly hash: number;
}
/** Asks one member for a hash of its keys up to a revision (etcdserverpb.HashKVRequest). */
export interface HashKvRequest {
  /** The revision up to which keys count; 0n or absent: the present one. */
  readonly revision?: bigint | undefined;
}
/** The hash of a member's keys up to a revision (etcdserverpb.HashKVResponse). */
export interface HashKvResponse {
  /** Who answered, and the revision of the store then. */
  readonly header: ResponseHeader;
  /** The hash. Members with equal data and an equal `compactRevision` have the same one. */
  readonly hash: number;
  /** The revision of the last compaction, from which on keys count. */
  readonly compactRevision: bigint;
  /** 0n before etcd 3.6. */
  readonly hashRevision: bigint;
}
/** Asks one member for a copy of its store (etcdserverpb.SnapshotRequest). */
export interface SnapshotRequest {}
/** One part of the copy of a store (etcdserverpb.SnapshotResponse). */
export interface SnapshotResponse {
  /** etcd sends none: all fields are 0n. */
  readonly header: ResponseHeader;
  /** Bytes still to come after this part. */
  readonly remainingBytes: bigint;
  /** The bytes of this part. The last 32 bytes of the whole are the SHA-256 of those before. */
  readonly blob: Buffer;
  /** The storage version; empty before etcd 3.6. */
  readonly version: string;
}
/** Hands the leadership to another member (etcdserverpb.MoveLeaderRequest). */
export interface MoveLeaderRequest {
  /** The member that becomes the leader. `NOT_LEADER` unless the request is made of the present leader. */
  readonly targetId: bigint;
}
/** Answer to a change of the leader (etcdserverpb.MoveLeaderResponse). */
export interface MoveLeaderResponse {
  /** etcd sends none: all fields are 0n. */
  readonly header: ResponseHeader;
}
/** Prepares the cluster for an older etcd, or ends that (etcdserverpb.DowngradeRequest). */
export interface DowngradeRequest {
  /** Whether to check that a downgrade is possible, to begin it, or to end it. */
  readonly action: 'validate' | 'enable' | 'cancel';
  /** The version to go to, such as `3.5.0`; unused by `cancel`. */
  readonly version: string;
}
/** Answer to a downgrade request (etcdserverpb.DowngradeResponse). */
export interface DowngradeResponse {
  /** Who answered, and the revision of the store then. */
  readonly header: ResponseHeader;
  /** The cluster's version. */
  readonly version: string;
}

// ---- Auth -----------------------------------------------------------------------------------------------------------

/** A right to a key or range (authpb.Permission). */
export interface Permission {
  /** What is permitted. */
  readonly type: 'read' | 'write' | 'readwrite';
  /** The key, or the first key of the range. */
  readonly key: Uint8Array;
  /** Absent or empty: the one key. `"\0"`: every key from `key` on. Else the first key that is not in the range. */
  readonly rangeEnd?: Uint8Array | undefined;
}
/** Turns authentication on (etcdserverpb.AuthEnableRequest). */
export interface AuthEnableRequest {}
/** Turns authentication off (etcdserverpb.AuthDisableRequest). */
export interface AuthDisableRequest {}
/** Asks whether authentication is on (etcdserverpb.AuthStatusRequest). */
export interface AuthStatusRequest {}
/** Answer of the Auth operations that return a header only. */
export interface AuthHeaderResponse {
  /** Who answered, and the revision of the store then. */
  readonly header: ResponseHeader;
}
/** Whether authentication is on (etcdserverpb.AuthStatusResponse). */
export interface AuthStatusResponse {
  /** Who answered, and the revision of the store then. */
  readonly header: ResponseHeader;
  /** Whether calls need a token or a certificate. */
  readonly enabled: boolean;
  /** Rises with each change of a user, a role or this switch. */
  readonly authRevision: bigint;
}
/** Trades a name and a password for a token (etcdserverpb.AuthenticateRequest). */
export interface AuthenticateRequest {
  /** The user. */
  readonly name: string;
  /** The password of the user. */
  readonly password: string;
}
/** The token of a user (etcdserverpb.AuthenticateResponse). */
export interface AuthenticateResponse {
  /** Who answered, and the revision of the store then. */
  readonly header: ResponseHeader;
  /** The token, for the metadata of calls. A simple one lives for five minutes without use, unless etcd has another limit. */
  readonly token: string;
}
/** Adds a user (etcdserverpb.AuthUserAddRequest). */
export interface AuthUserAddRequest {
  /** The name of the user. `USER_ALREADY_EXIST` if it is taken. */
  readonly name: string;
  /** The password; empty with `noPassword`. */
  readonly password: string;
  /** With `noPassword`, the user has only a certificate, whose common name is the user. */
  readonly options?:
    | {
        /** Whether the user has no password, and no token by one. */
        readonly noPassword: boolean;
      }
    | undefined;
}
/** Names the user to read or delete (etcdserverpb.AuthUserGetRequest, AuthUserDeleteRequest). */
export interface AuthUserNameRequest {
  /** The name of the user. */
  readonly name: string;
}
/** Changes the password of a user (etcdserverpb.AuthUserChangePasswordRequest). */
export interface AuthUserChangePasswordRequest {
  /** The name of the user. */
  readonly name: string;
  /** The new password. */
  readonly password: string;
}
/** Gives a role to a user (etcdserverpb.AuthUserGrantRoleRequest). */
export interface AuthUserGrantRoleRequest {
  /** The name of the user. */
  readonly user: string;
  /** The role that the user has from now on. */
  readonly role: string;
}
/** Takes a role from a user (etcdserverpb.AuthUserRevokeRoleRequest). */
export interface AuthUserRevokeRoleRequest {
  /** The name of the user. */
  readonly name: string;
  /** The role that the user loses. `ROLE_NOT_GRANTED` if the user does not have it. */
  readonly role: string;
}
/** The roles of a user (etcdserverpb.AuthUserGetResponse). */
export interface AuthUserGetResponse {
  /** Who answered, and the revision of the store then. */
  readonly header: ResponseHeader;
  /** The names of the roles, sorted. */
  readonly roles: readonly string[];
}
/** Lists the users (etcdserverpb.AuthUserListRequest). */
export interface AuthUserListRequest {}
/** The names of all users (etcdserverpb.AuthUserListResponse). */
export interface AuthUserListResponse {
  /** Who answered, and the revision of the store then. */
  readonly header: ResponseHeader;
  /** The names, sorted. */
  readonly users: readonly string[];
}
/** Adds a role (etcdserverpb.AuthRoleAddRequest). */
export interface AuthRoleAddRequest {
  /** The name of the role. `ROLE_ALREADY_EXIST` if it is taken. */
  readonly name: string;
}
/** Names the role to read or delete (etcdserverpb.AuthRoleGetRequest, AuthRoleDeleteRequest). */
export interface AuthRoleNameRequest {
  /** The name of the role. */
  readonly role: string;
}
/** The permissions of a role (etcdserverpb.AuthRoleGetResponse). */
export interface AuthRoleGetResponse {
  /** Who answered, and the revision of the store then. */
  readonly header: ResponseHeader;
  /** What the role permits. */
  readonly permissions: readonly Permission[];
}
/** Lists the roles (etcdserverpb.AuthRoleListRequest). */
export interface AuthRoleListRequest {}
/** The names of all roles (etcdserverpb.AuthRoleListResponse). */
export interface AuthRoleListResponse {
  /** Who answered, and the revision of the store then. */
  readonly header: ResponseHeader;
  /** The names, sorted. */
  readonly roles: readonly string[];
}
/** Gives a permission to a role (etcdserverpb.AuthRoleGrantPermissionRequest). */
export interface AuthRoleGrantPermissionRequest {
  /** The name of the role. */
  readonly name: string;
  /** What the role permits from now on. For the same range it replaces the earlier permission. */
  readonly permission: Permission;
}
/** Takes a permission from a role (etcdserverpb.AuthRoleRevokePermissionRequest). */
export interface AuthRoleRevokePermissionRequest {
  /** The name of the role. */
  readonly role: string;
  /** The key, or the first key of the range, as it was granted. */
  readonly key: Uint8Array;
  /** The end of the range, as it was granted; absent or empty: the one key. */
  readonly rangeEnd?: Uint8Array | undefined;
}
