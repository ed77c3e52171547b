// etcd's messages as this client speaks of them: the fields of etcdserverpb/rpc.proto in camelCase. Revisions, ids and
// leases are bigint, quantities are number, bytes are Buffers. A request's absent field is the proto's default.

/** Header of every response (etcdserverpb.ResponseHeader). */
export interface ResponseHeader {
  readonly clusterId: bigint;
  readonly memberId: bigint;
  /** The store's revision when the request was applied; on watches see docs/watch.md. */
  readonly revision: bigint;
  readonly raftTerm: bigint;
}

/** One key with its value and history (mvccpb.KeyValue). Materialised on first access. */
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
  /** The value parsed as JSON; throws JSON.parse's SyntaxError where it is none. */
  json<T = unknown>(): T;
}

// ---- KV -------------------------------------------------------------------------------------------------------------

/** What a range is sorted by (RangeRequest.SortTarget). */
export type SortTarget = 'key' | 'version' | 'createRevision' | 'modRevision' | 'value';
/** The direction of a sort (RangeRequest.SortOrder). */
export type SortOrder = 'none' | 'ascend' | 'descend';

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

export interface PutRequest {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  readonly lease?: bigint | undefined;
  readonly prevKv?: boolean | undefined;
  readonly ignoreValue?: boolean | undefined;
  readonly ignoreLease?: boolean | undefined;
}

export interface PutResponse {
  readonly header: ResponseHeader;
  readonly prevKv?: KeyValue | undefined;
}

export interface DeleteRangeRequest {
  readonly key: Uint8Array;
  readonly rangeEnd?: Uint8Array | undefined;
  readonly prevKv?: boolean | undefined;
}

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

export interface GetOp {
  readonly type: 'get';
  readonly request: RangeRequest;
}
export interface PutOp {
  readonly type: 'put';
  readonly request: PutRequest;
}
export interface DeleteOp {
  readonly type: 'delete';
  readonly request: DeleteRangeRequest;
}
export interface TxnOp {
  readonly type: 'txn';
  readonly request: TxnRequest;
}
/** One operation, alone or in a transaction (etcdserverpb.RequestOp); made by `op`. */
export type Op = GetOp | PutOp | DeleteOp | TxnOp;

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

export interface CompactionRequest {
  readonly revision: bigint;
  readonly physical?: boolean | undefined;
}
export interface CompactionResponse {
  readonly header: ResponseHeader;
}

// ---- Watch ----------------------------------------------------------------------------------------------------------

/** An event that a watch leaves out (WatchCreateRequest.FilterType: NOPUT, NODELETE). */
export type WatchFilter = 'put' | 'delete';

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

export interface LeaseGrantRequest {
  /** Seconds. */
  readonly ttl: number;
  /** 0n: chosen by etcd. This client always chooses. */
  readonly id: bigint;
}
export interface LeaseGrantResponse {
  readonly header: ResponseHeader;
  readonly id: bigint;
  /** The granted time to live in seconds: etcd raises what is below its minimum. */
  readonly ttl: number;
}
export interface LeaseRevokeRequest {
  readonly id: bigint;
}
export interface LeaseRevokeResponse {
  readonly header: ResponseHeader;
}
export interface LeaseKeepAliveRequest {
  readonly id: bigint;
}
export interface LeaseKeepAliveResponse {
  readonly header: ResponseHeader;
  readonly id: bigint;
  /** Seconds from now; 0 or less: the lease is gone. */
  readonly ttl: number;
}
export interface LeaseTimeToLiveRequest {
  readonly id: bigint;
  readonly keys?: boolean | undefined;
}
export interface LeaseTimeToLiveResponse {
  readonly header: ResponseHeader;
  readonly id: bigint;
  /** Seconds left; -1: there is no such lease. */
  readonly ttl: number;
  /** Seconds as granted or last renewed; 0 where there is no such lease. */
  readonly grantedTtl: number;
  /** The attached keys, where they were asked for. */
  readonly keys: readonly Buffer[];
}
export interface LeaseLeasesRequest {}
export interface LeaseLeasesResponse {
  readonly header: ResponseHeader;
  readonly leases: readonly bigint[];
}

// ---- Cluster --------------------------------------------------------------------------------------------------------

export interface Member {
  readonly id: bigint;
  /** Empty until the member has started. */
  readonly name: string;
  readonly peerUrls: readonly string[];
  readonly clientUrls: readonly string[];
  readonly isLearner: boolean;
}
export interface MemberListRequest {
  readonly linearizable?: boolean | undefined;
}
export interface MemberListResponse {
  readonly header: ResponseHeader;
  readonly members: readonly Member[];
}
export interface MemberAddRequest {
  readonly peerUrls: readonly string[];
  readonly isLearner?: boolean | undefined;
}
export interface MemberAddResponse {
  readonly header: ResponseHeader;
  readonly member: Member;
  readonly members: readonly Member[];
}
export interface MemberRemoveRequest {
  readonly id: bigint;
}
export interface MemberRemoveResponse {
  readonly header: ResponseHeader;
  readonly members: readonly Member[];
}
export interface MemberUpdateRequest {
  readonly id: bigint;
  readonly peerUrls: readonly string[];
}
export interface MemberUpdateResponse {
  readonly header: ResponseHeader;
  readonly members: readonly Member[];
}
export interface MemberPromoteRequest {
  readonly id: bigint;
}
export interface MemberPromoteResponse {
  readonly header: ResponseHeader;
  readonly members: readonly Member[];
}

// ---- Maintenance ----------------------------------------------------------------------------------------------------

/** An alarm that a member raised (etcdserverpb.AlarmType). */
export type AlarmType = 'none' | 'nospace' | 'corrupt';
export interface AlarmMember {
  readonly memberId: bigint;
  readonly alarm: AlarmType;
}
export interface AlarmRequest {
  readonly action: 'get' | 'activate' | 'deactivate';
  readonly memberId?: bigint | undefined;
  readonly alarm?: AlarmType | undefined;
}
export interface AlarmResponse {
  readonly header: ResponseHeader;
  readonly alarms: readonly AlarmMember[];
}
export interface StatusRequest {}
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
export interface DefragmentRequest {}
export interface DefragmentResponse {
  readonly header: ResponseHeader;
}
export interface HashRequest {}
export interface HashResponse {
  readonly header: ResponseHeader;
  readonly hash: number;
}
export interface HashKvRequest {
  readonly revision?: bigint | undefined;
}
export interface HashKvResponse {
  readonly header: ResponseHeader;
  readonly hash: number;
  readonly compactRevision: bigint;
  /** 0n before etcd 3.6. */
  readonly hashRevision: bigint;
}
export interface SnapshotRequest {}
export interface SnapshotResponse {
  readonly header: ResponseHeader;
  /** Bytes still to come after this part. */
  readonly remainingBytes: bigint;
  readonly blob: Buffer;
  /** The storage version; empty before etcd 3.6. */
  readonly version: string;
}
export interface MoveLeaderRequest {
  readonly targetId: bigint;
}
export interface MoveLeaderResponse {
  readonly header: ResponseHeader;
}
export interface DowngradeRequest {
  readonly action: 'validate' | 'enable' | 'cancel';
  readonly version: string;
}
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
export interface AuthEnableRequest {}
export interface AuthDisableRequest {}
export interface AuthStatusRequest {}
export interface AuthHeaderResponse {
  readonly header: ResponseHeader;
}
export interface AuthStatusResponse {
  readonly header: ResponseHeader;
  readonly enabled: boolean;
  readonly authRevision: bigint;
}
export interface AuthenticateRequest {
  readonly name: string;
  readonly password: string;
}
export interface AuthenticateResponse {
  readonly header: ResponseHeader;
  readonly token: string;
}
export interface AuthUserAddRequest {
  readonly name: string;
  readonly password: string;
  readonly options?: { readonly noPassword: boolean } | undefined;
}
export interface AuthUserNameRequest {
  readonly name: string;
}
export interface AuthUserChangePasswordRequest {
  readonly name: string;
  readonly password: string;
}
export interface AuthUserGrantRoleRequest {
  readonly user: string;
  readonly role: string;
}
export interface AuthUserRevokeRoleRequest {
  readonly name: string;
  readonly role: string;
}
export interface AuthUserGetResponse {
  readonly header: ResponseHeader;
  readonly roles: readonly string[];
}
export interface AuthUserListRequest {}
export interface AuthUserListResponse {
  readonly header: ResponseHeader;
  readonly users: readonly string[];
}
export interface AuthRoleAddRequest {
  readonly name: string;
}
export interface AuthRoleNameRequest {
  readonly role: string;
}
export interface AuthRoleGetResponse {
  readonly header: ResponseHeader;
  readonly permissions: readonly Permission[];
}
export interface AuthRoleListRequest {}
export interface AuthRoleListResponse {
  readonly header: ResponseHeader;
  readonly roles: readonly string[];
}
export interface AuthRoleGrantPermissionRequest {
  readonly name: string;
  readonly permission: Permission;
}
export interface AuthRoleRevokePermissionRequest {
  readonly role: string;
  readonly key: Uint8Array;
  readonly rangeEnd?: Uint8Array | undefined;
}
