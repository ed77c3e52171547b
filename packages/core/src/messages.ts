// etcd's messages as this client names them: the fields of etcdserverpb/rpc.proto in camelCase. Revisions, ids and
// leases are bigint, quantities are number, bytes are Buffers. A request's absent field is the proto's default. What comes
// from etcd has its data in own enumerable properties; methods, `toJSON` too, are inherited.

/** Header of every response (etcdserverpb.ResponseHeader). */
export interface ResponseHeader {
  readonly clusterId: bigint;
  readonly memberId: bigint;
  /** The store's revision when the request was applied; on watches see docs/watch.md. */
  readonly revision: bigint;
  readonly raftTerm: bigint;
}

/** One key with its value and history (mvccpb.KeyValue). */
export interface KeyValue {
  readonly key: Buffer;
  readonly value: Buffer;
  readonly createRevision: bigint;
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
  readonly key: Uint8Array;
  /** Absent or empty: the one key. `"\0"`: every key from `key` on. */
  readonly rangeEnd?: Uint8Array | undefined;
  readonly limit?: number | undefined;
  readonly revision?: bigint | undefined;
  readonly sortOrder?: SortOrder | undefined;
  readonly sortTarget?: SortTarget | undefined;
  readonly serializable?: boolean | undefined;
  readonly keysOnly?: boolean | undefined;
  readonly countOnly?: boolean | undefined;
  readonly minModRevision?: bigint | undefined;
  readonly maxModRevision?: bigint | undefined;
  readonly minCreateRevision?: bigint | undefined;
  readonly maxCreateRevision?: bigint | undefined;
}

/** The keys of a range, in the order that was requested (etcdserverpb.RangeResponse). */
export interface RangeResponse {
  readonly header: ResponseHeader;
  readonly kvs: readonly KeyValue[];
  /** Whether `limit` cut the answer. */
  readonly more: boolean;
  /** How many keys the range holds, whatever `limit` and the revision filters left out. */
  readonly count: number;
}

/** One part of a streamed range (KV.RangeStream, etcd 3.7); header, more and count are those of the last part. */
export interface RangeStreamResponse {
  readonly rangeResponse: RangeResponse;
}

/** Writes one key (etcdserverpb.PutRequest). */
export interface PutRequest {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  readonly lease?: bigint | undefined;
  readonly prevKv?: boolean | undefined;
  readonly ignoreValue?: boolean | undefined;
  readonly ignoreLease?: boolean | undefined;
}

/** Answer to a put; `prevKv` is set if it was requested and the key existed (etcdserverpb.PutResponse). */
export interface PutResponse {
  readonly header: ResponseHeader;
  readonly prevKv?: KeyValue | undefined;
}

/** Deletes one key or a range of keys (etcdserverpb.DeleteRangeRequest). */
export interface DeleteRangeRequest {
  readonly key: Uint8Array;
  readonly rangeEnd?: Uint8Array | undefined;
  readonly prevKv?: boolean | undefined;
}

/** How many keys were deleted, with their old values if requested (etcdserverpb.DeleteRangeResponse). */
export interface DeleteRangeResponse {
  readonly header: ResponseHeader;
  readonly deleted: number;
  readonly prevKvs: readonly KeyValue[];
}

/** What a compare looks at (Compare.CompareTarget). */
export type CompareTarget = 'version' | 'createRevision' | 'modRevision' | 'value' | 'lease';
/** How a compare compares (Compare.CompareResult). */
export type CompareResult = '=' | '!=' | '>' | '<';

/** One condition of a transaction (etcdserverpb.Compare). */
export interface Compare {
  readonly key: Uint8Array;
  /** Every key of the range must hold the condition. */
  readonly rangeEnd?: Uint8Array | undefined;
  readonly target: CompareTarget;
  readonly result: CompareResult;
  /** Bytes for target 'value', a bigint for every other. */
  readonly operand: bigint | Uint8Array;
}

/** A read as an operation of a transaction, made by `op.get`. */
export interface GetOp {
  readonly type: 'get';
  readonly request: RangeRequest;
}
/** A write as an operation of a transaction, made by `op.put`. */
export interface PutOp {
  readonly type: 'put';
  readonly request: PutRequest;
}
/** A deletion as an operation of a transaction, made by `op.delete`. */
export interface DeleteOp {
  readonly type: 'delete';
  readonly request: DeleteRangeRequest;
}
/** A transaction inside a transaction, made by `op.txn`. */
export interface TxnOp {
  readonly type: 'txn';
  readonly request: TxnRequest;
}
/** One operation, alone or in a transaction (etcdserverpb.RequestOp); made by `op`. */
export type Op = GetOp | PutOp | DeleteOp | TxnOp;

/** If every compare holds, etcd applies `success`, else `failure`, in one revision (etcdserverpb.TxnRequest). */
export interface TxnRequest {
  readonly compare: readonly Compare[];
  readonly success: readonly Op[];
  readonly failure: readonly Op[];
}

/** One answer in a transaction (etcdserverpb.ResponseOp). */
export type ResponseOp =
  | { readonly type: 'get'; readonly response: RangeResponse }
  | { readonly type: 'put'; readonly response: PutResponse }
  | { readonly type: 'delete'; readonly response: DeleteRangeResponse }
  | { readonly type: 'txn'; readonly response: TxnResponseMessage };

/** A transaction's answer as etcd sends it (etcdserverpb.TxnResponse). */
export interface TxnResponseMessage {
  readonly header: ResponseHeader;
  readonly succeeded: boolean;
  readonly responses: readonly ResponseOp[];
}

/** Forgets the history before a revision (etcdserverpb.CompactionRequest). */
export interface CompactionRequest {
  readonly revision: bigint;
  readonly physical?: boolean | undefined;
}
/** Answer to a compaction (etcdserverpb.CompactionResponse). */
export interface CompactionResponse {
  readonly header: ResponseHeader;
}

// ---- Watch ----------------------------------------------------------------------------------------------------------

/** An event that a watch leaves out (WatchCreateRequest.FilterType: NOPUT, NODELETE). */
export type WatchFilter = 'put' | 'delete';

/** Registers a watch on a stream (etcdserverpb.WatchCreateRequest). */
export interface WatchCreateRequest {
  readonly key: Uint8Array;
  readonly rangeEnd?: Uint8Array | undefined;
  readonly startRevision?: bigint | undefined;
  readonly progressNotify?: boolean | undefined;
  readonly filters?: readonly WatchFilter[] | undefined;
  readonly prevKv?: boolean | undefined;
  readonly fragment?: boolean | undefined;
  /** 0 or absent: etcd chooses. */
  readonly watchId?: number | undefined;
}

/** A message to the watch stream (etcdserverpb.WatchRequest). */
export type WatchRequest =
  | { readonly type: 'create'; readonly request: WatchCreateRequest }
  | { readonly type: 'cancel'; readonly watchId: number }
  | { readonly type: 'progress' };

/** One change of one key (mvccpb.Event). */
export interface WatchEvent {
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
  readonly header: ResponseHeader;
  readonly watchId: number;
  readonly created: boolean;
  readonly canceled: boolean;
  readonly compactRevision: bigint;
  readonly cancelReason: string;
  readonly fragment: boolean;
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
  readonly header: ResponseHeader;
  readonly id: bigint;
  /** The granted time to live in seconds: etcd raises what is below its minimum. */
  readonly ttl: number;
}
/** Ends a lease and deletes its keys (etcdserverpb.LeaseRevokeRequest). */
export interface LeaseRevokeRequest {
  readonly id: bigint;
}
/** Answer to a revocation (etcdserverpb.LeaseRevokeResponse). */
export interface LeaseRevokeResponse {
  readonly header: ResponseHeader;
}
/** Renews a lease, on the stream of all renewals (etcdserverpb.LeaseKeepAliveRequest). */
export interface LeaseKeepAliveRequest {
  readonly id: bigint;
}
/** The renewal of a lease (etcdserverpb.LeaseKeepAliveResponse). */
export interface LeaseKeepAliveResponse {
  readonly header: ResponseHeader;
  readonly id: bigint;
  /** Seconds from now; 0 or less: the lease is gone. */
  readonly ttl: number;
}
/** Reads how long a lease has left (etcdserverpb.LeaseTimeToLiveRequest). */
export interface LeaseTimeToLiveRequest {
  readonly id: bigint;
  readonly keys?: boolean | undefined;
}
/** How long a lease has left, and its keys (etcdserverpb.LeaseTimeToLiveResponse). */
export interface LeaseTimeToLiveResponse {
  readonly header: ResponseHeader;
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
  readonly header: ResponseHeader;
  readonly leases: readonly bigint[];
}

// ---- Cluster --------------------------------------------------------------------------------------------------------

/** A member of the cluster (etcdserverpb.Member). */
export interface Member {
  readonly id: bigint;
  /** Empty until the member has started. */
  readonly name: string;
  readonly peerUrls: readonly string[];
  readonly clientUrls: readonly string[];
  readonly isLearner: boolean;
}
/** Lists the members (etcdserverpb.MemberListRequest). */
export interface MemberListRequest {
  readonly linearizable?: boolean | undefined;
}
/** The members of the cluster (etcdserverpb.MemberListResponse). */
export interface MemberListResponse {
  readonly header: ResponseHeader;
  readonly members: readonly Member[];
}
/** Adds a member, voting or learner (etcdserverpb.MemberAddRequest). */
export interface MemberAddRequest {
  readonly peerUrls: readonly string[];
  readonly isLearner?: boolean | undefined;
}
/** The new member, and all members with it (etcdserverpb.MemberAddResponse). */
export interface MemberAddResponse {
  readonly header: ResponseHeader;
  readonly member: Member;
  readonly members: readonly Member[];
}
/** Removes a member (etcdserverpb.MemberRemoveRequest). */
export interface MemberRemoveRequest {
  readonly id: bigint;
}
/** The members that remain (etcdserverpb.MemberRemoveResponse). */
export interface MemberRemoveResponse {
  readonly header: ResponseHeader;
  readonly members: readonly Member[];
}
/** Changes the peer URLs of a member (etcdserverpb.MemberUpdateRequest). */
export interface MemberUpdateRequest {
  readonly id: bigint;
  readonly peerUrls: readonly string[];
}
/** The members after the change (etcdserverpb.MemberUpdateResponse). */
export interface MemberUpdateResponse {
  readonly header: ResponseHeader;
  readonly members: readonly Member[];
}
/** Makes a learner a voting member (etcdserverpb.MemberPromoteRequest). */
export interface MemberPromoteRequest {
  readonly id: bigint;
}
/** The members after the promotion (etcdserverpb.MemberPromoteResponse). */
export interface MemberPromoteResponse {
  readonly header: ResponseHeader;
  readonly members: readonly Member[];
}

// ---- Maintenance ----------------------------------------------------------------------------------------------------

/** An alarm that a member raised (etcdserverpb.AlarmType). */
export type AlarmType = 'none' | 'nospace' | 'corrupt';
/** An alarm with the member that raised it (etcdserverpb.AlarmMember). */
export interface AlarmMember {
  readonly memberId: bigint;
  readonly alarm: AlarmType;
}
/** Lists, raises or clears alarms (etcdserverpb.AlarmRequest). */
export interface AlarmRequest {
  readonly action: 'get' | 'activate' | 'deactivate';
  readonly memberId?: bigint | undefined;
  readonly alarm?: AlarmType | undefined;
}
/** The alarms that were listed or cleared (etcdserverpb.AlarmResponse). */
export interface AlarmResponse {
  readonly header: ResponseHeader;
  readonly alarms: readonly AlarmMember[];
}
/** Asks one member for its state (etcdserverpb.StatusRequest). */
export interface StatusRequest {}
/** The state of one member (etcdserverpb.StatusResponse). */
export interface StatusResponse {
  readonly header: ResponseHeader;
  /** The member's etcd version, as `3.5.30`. */
  readonly version: string;
  /** Bytes. */
  readonly dbSize: number;
  /** Bytes. */
  readonly dbSizeInUse: number;
  /** Bytes; 0 before etcd 3.6. */
  readonly dbSizeQuota: number;
  /** The member id that this member takes for the leader; 0n for none. */
  readonly leader: bigint;
  readonly raftIndex: bigint;
  readonly raftTerm: bigint;
  readonly raftAppliedIndex: bigint;
  readonly errors: readonly string[];
  readonly isLearner: boolean;
  /** Empty before etcd 3.6. */
  readonly storageVersion: string;
  readonly downgradeInfo?: { readonly enabled: boolean; readonly targetVersion: string } | undefined;
}
/** Gives the free space of one member back to its disk (etcdserverpb.DefragmentRequest). */
export interface DefragmentRequest {}
/** Answer to a defragmentation (etcdserverpb.DefragmentResponse). */
export interface DefragmentResponse {
  readonly header: ResponseHeader;
}
/** Asks one member for a hash of its whole store (etcdserverpb.HashRequest). */
export interface HashRequest {}
/** The hash of a member's whole store (etcdserverpb.HashResponse). */
export interface HashResponse {
  readonly header: ResponseHeader;
  readonly hash: number;
}
/** Asks one member for a hash of its keys up to a revision (etcdserverpb.HashKVRequest). */
export interface HashKvRequest {
  readonly revision?: bigint | undefined;
}
/** The hash of a member's keys up to a revision (etcdserverpb.HashKVResponse). */
export interface HashKvResponse {
  readonly header: ResponseHeader;
  readonly hash: number;
  readonly compactRevision: bigint;
  /** 0n before etcd 3.6. */
  readonly hashRevision: bigint;
}
/** Asks one member for a copy of its store (etcdserverpb.SnapshotRequest). */
export interface SnapshotRequest {}
/** One part of the copy of a store (etcdserverpb.SnapshotResponse). */
export interface SnapshotResponse {
  readonly header: ResponseHeader;
  /** Bytes still to come after this part. */
  readonly remainingBytes: bigint;
  readonly blob: Buffer;
  /** The storage version; empty before etcd 3.6. */
  readonly version: string;
}
/** Hands the leadership to another member (etcdserverpb.MoveLeaderRequest). */
export interface MoveLeaderRequest {
  readonly targetId: bigint;
}
/** Answer to a change of the leader (etcdserverpb.MoveLeaderResponse). */
export interface MoveLeaderResponse {
  readonly header: ResponseHeader;
}
/** Prepares the cluster for an older etcd, or ends that (etcdserverpb.DowngradeRequest). */
export interface DowngradeRequest {
  readonly action: 'validate' | 'enable' | 'cancel';
  readonly version: string;
}
/** Answer to a downgrade request (etcdserverpb.DowngradeResponse). */
export interface DowngradeResponse {
  readonly header: ResponseHeader;
  /** The cluster's version. */
  readonly version: string;
}

// ---- Auth -----------------------------------------------------------------------------------------------------------

/** A right to a key or range (authpb.Permission). */
export interface Permission {
  readonly type: 'read' | 'write' | 'readwrite';
  readonly key: Uint8Array;
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
  readonly header: ResponseHeader;
}
/** Whether authentication is on (etcdserverpb.AuthStatusResponse). */
export interface AuthStatusResponse {
  readonly header: ResponseHeader;
  readonly enabled: boolean;
  readonly authRevision: bigint;
}
/** Trades a name and a password for a token (etcdserverpb.AuthenticateRequest). */
export interface AuthenticateRequest {
  readonly name: string;
  readonly password: string;
}
/** The token of a user (etcdserverpb.AuthenticateResponse). */
export interface AuthenticateResponse {
  readonly header: ResponseHeader;
  readonly token: string;
}
/** Adds a user (etcdserverpb.AuthUserAddRequest). */
export interface AuthUserAddRequest {
  readonly name: string;
  readonly password: string;
  readonly options?: { readonly noPassword: boolean } | undefined;
}
/** Names the user to read or delete (etcdserverpb.AuthUserGetRequest, AuthUserDeleteRequest). */
export interface AuthUserNameRequest {
  readonly name: string;
}
/** Changes the password of a user (etcdserverpb.AuthUserChangePasswordRequest). */
export interface AuthUserChangePasswordRequest {
  readonly name: string;
  readonly password: string;
}
/** Gives a role to a user (etcdserverpb.AuthUserGrantRoleRequest). */
export interface AuthUserGrantRoleRequest {
  readonly user: string;
  readonly role: string;
}
/** Takes a role from a user (etcdserverpb.AuthUserRevokeRoleRequest). */
export interface AuthUserRevokeRoleRequest {
  readonly name: string;
  readonly role: string;
}
/** The roles of a user (etcdserverpb.AuthUserGetResponse). */
export interface AuthUserGetResponse {
  readonly header: ResponseHeader;
  readonly roles: readonly string[];
}
/** Lists the users (etcdserverpb.AuthUserListRequest). */
export interface AuthUserListRequest {}
/** The names of all users (etcdserverpb.AuthUserListResponse). */
export interface AuthUserListResponse {
  readonly header: ResponseHeader;
  readonly users: readonly string[];
}
/** Adds a role (etcdserverpb.AuthRoleAddRequest). */
export interface AuthRoleAddRequest {
  readonly name: string;
}
/** Names the role to read or delete (etcdserverpb.AuthRoleGetRequest, AuthRoleDeleteRequest). */
export interface AuthRoleNameRequest {
  readonly role: string;
}
/** The permissions of a role (etcdserverpb.AuthRoleGetResponse). */
export interface AuthRoleGetResponse {
  readonly header: ResponseHeader;
  readonly permissions: readonly Permission[];
}
/** Lists the roles (etcdserverpb.AuthRoleListRequest). */
export interface AuthRoleListRequest {}
/** The names of all roles (etcdserverpb.AuthRoleListResponse). */
export interface AuthRoleListResponse {
  readonly header: ResponseHeader;
  readonly roles: readonly string[];
}
/** Gives a permission to a role (etcdserverpb.AuthRoleGrantPermissionRequest). */
export interface AuthRoleGrantPermissionRequest {
  readonly name: string;
  readonly permission: Permission;
}
/** Takes a permission from a role (etcdserverpb.AuthRoleRevokePermissionRequest). */
export interface AuthRoleRevokePermissionRequest {
  readonly role: string;
  readonly key: Uint8Array;
  readonly rangeEnd?: Uint8Array | undefined;
}
