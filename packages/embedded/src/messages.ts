// etcd's messages in this server: the fields of its protos in camelCase, with every field of a request set. A 64-bit
// integer of a request is a bigint. In a response it may be a bigint or a number, and a field that is left out has the proto's
// default.

/** A 64-bit integer of a response. */
export type Int64 = bigint | number;

export interface Header {
  readonly clusterId?: bigint;
  readonly memberId?: bigint;
  readonly revision?: Int64;
  readonly raftTerm?: Int64;
}
/** A response that has only a header. */
export interface HeaderResponse {
  readonly header?: Header | undefined;
}
export interface KeyValue {
  readonly key: Buffer;
  readonly createRevision: number;
  readonly modRevision: number;
  readonly version: number;
  readonly value: Buffer;
  readonly lease: bigint;
}

export interface RangeRequest {
  readonly key: Buffer;
  readonly rangeEnd: Buffer;
  readonly limit: bigint;
  readonly revision: bigint;
  readonly sortOrder: number;
  readonly sortTarget: number;
  readonly serializable: boolean;
  readonly keysOnly: boolean;
  readonly countOnly: boolean;
  readonly minModRevision: bigint;
  readonly maxModRevision: bigint;
  readonly minCreateRevision: bigint;
  readonly maxCreateRevision: bigint;
}
export interface RangeResponse extends HeaderResponse {
  readonly kvs?: readonly Partial<KeyValue>[];
  readonly more?: boolean;
  readonly count?: number;
}
export interface RangeStreamResponse {
  readonly rangeResponse: RangeResponse;
}
export interface PutRequest {
  readonly key: Buffer;
  readonly value: Buffer;
  readonly lease: bigint;
  readonly prevKv: boolean;
  readonly ignoreValue: boolean;
  readonly ignoreLease: boolean;
}
export interface PutResponse extends HeaderResponse {
  readonly prevKv?: KeyValue | undefined;
}
export interface DeleteRangeRequest {
  readonly key: Buffer;
  readonly rangeEnd: Buffer;
  readonly prevKv: boolean;
}
export interface DeleteRangeResponse extends HeaderResponse {
  readonly deleted: number;
  readonly prevKvs?: readonly KeyValue[];
}
export interface Compare {
  readonly result: number;
  readonly target: number;
  readonly key: Buffer;
  readonly rangeEnd: Buffer;
  /** The field of the operand that was sent, if any. */
  readonly targetUnion?: 'version' | 'createRevision' | 'modRevision' | 'value' | 'lease';
  readonly version?: bigint;
  readonly createRevision?: bigint;
  readonly modRevision?: bigint;
  readonly value?: Buffer;
  readonly lease?: bigint;
}
export interface RequestOp {
  readonly requestRange?: RangeRequest;
  readonly requestPut?: PutRequest;
  readonly requestDeleteRange?: DeleteRangeRequest;
  readonly requestTxn?: TxnRequest;
}
export interface ResponseOp {
  readonly responseRange?: RangeResponse;
  readonly responsePut?: PutResponse;
  readonly responseDeleteRange?: DeleteRangeResponse;
  readonly responseTxn?: TxnResponse;
}
export interface TxnRequest {
  readonly compare: readonly Compare[];
  readonly success: readonly RequestOp[];
  readonly failure: readonly RequestOp[];
}
export interface TxnResponse extends HeaderResponse {
  readonly succeeded: boolean;
  readonly responses: readonly ResponseOp[];
}
export interface CompactionRequest {
  readonly revision: bigint;
  readonly physical: boolean;
}

export interface WatchCreateRequest {
  readonly key: Buffer;
  readonly rangeEnd: Buffer;
  readonly startRevision: bigint;
  readonly progressNotify: boolean;
  readonly filters: readonly number[];
  readonly prevKv: boolean;
  readonly watchId: bigint;
  readonly fragment: boolean;
}
export interface WatchRequest {
  readonly createRequest?: WatchCreateRequest;
  readonly cancelRequest?: { readonly watchId: bigint };
  readonly progressRequest?: object;
}
export interface Event {
  /** 0 is a put, 1 a delete. */
  readonly type: number;
  readonly kv: Partial<KeyValue>;
  readonly prevKv?: KeyValue | undefined;
}
export interface WatchResponse extends HeaderResponse {
  readonly watchId: bigint;
  readonly created?: boolean;
  readonly canceled?: boolean;
  readonly compactRevision?: number;
  readonly cancelReason?: string;
  readonly fragment?: boolean;
  readonly events?: readonly Event[];
}

export interface LeaseGrantRequest {
  readonly TTL: bigint;
  readonly ID: bigint;
}
export interface LeaseIdRequest {
  readonly ID: bigint;
}
export interface LeaseTimeToLiveRequest extends LeaseIdRequest {
  readonly keys: boolean;
}
export interface LeaseResponse extends HeaderResponse {
  readonly ID: bigint;
  readonly TTL: Int64;
}
export interface LeaseTimeToLiveResponse extends LeaseResponse {
  readonly grantedTTL?: Int64;
  readonly keys?: readonly Buffer[];
}
export interface LeaseLeasesResponse extends HeaderResponse {
  readonly leases: readonly { readonly ID: bigint }[];
}

// v3lockpb and v3electionpb.
export interface LockRequest {
  readonly name: Buffer;
  readonly lease: bigint;
}
export interface LockResponse extends HeaderResponse {
  readonly key: Buffer;
}
export interface UnlockRequest {
  readonly key: Buffer;
}
export interface LeaderKey {
  readonly name: Buffer;
  readonly key: Buffer;
  readonly rev: bigint;
  readonly lease: bigint;
}
export interface CampaignRequest extends LockRequest {
  readonly value: Buffer;
}
export interface CampaignResponse extends HeaderResponse {
  readonly leader: LeaderKey;
}
export interface ResignRequest {
  readonly leader: LeaderKey | null;
}
export interface ProclaimRequest extends ResignRequest {
  readonly value: Buffer;
}
export interface LeaderRequest {
  readonly name: Buffer;
}
export interface LeaderResponse extends HeaderResponse {
  readonly kv: Partial<KeyValue>;
}

/** authpb.Permission. Its type is 0 for read, 1 for write, 2 for both. */
export interface Permission {
  readonly permType: number;
  readonly key: Buffer;
  readonly rangeEnd: Buffer;
}
