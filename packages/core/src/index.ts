/**
 * An etcd v3 client for Node: KV, watches, leases, cluster and maintenance, behind one pipeline of interceptors.
 *
 * Create a client; it connects on first use:
 *
 *     const client = createClient({ endpoints: ['10.0.0.1:2379', '10.0.0.2:2379'] });
 *
 * Use it:
 *
 *     await client.kv.put('greeting', 'hello');
 *     for await (const { kv } of client.watch('greeting').events()) console.log(kv.text());
 *
 * Every failure is an `EtcdError`: `code` says what happened, `outcome` whether a write may have been applied. Close the
 * client, or make it with `await using`, and the process can end.
 */

// ---- for applications -----------------------------------------------------------------------------------------------
export { createClient, type ClientDescription, type EtcdClient } from './client.ts';
export type { ClientOptions } from './options.ts';
export type { TlsOptions } from './transport/transport.ts';
export type { EtcdOperations } from './operations.ts';
export type { CallOptions, Metadata } from './call.ts';
export type { Bytes } from './bytes.ts';
export type { Logger } from './logger.ts';
export { EtcdError, isEtcdError, type EtcdErrorInit } from './errors.ts';
export type { ClientCode, EtcdErrorCode, EtcdServerCode, GrpcCode, Outcome } from './error-codes.ts';

export type { CompactOptions, DeleteOptions, GetOptions, KV, PagesOptions, PutOptions } from './kv/kv.ts';
export {
  op,
  type DeleteOpOptions,
  type GetOpOptions,
  type NestedTxnOp,
  type PutOpOptions,
  type TxnInput,
} from './kv/op.ts';
export { compare, keyExists, keyMissing, type CompareRange } from './kv/compare.ts';
export type { RangeForms } from './kv/range.ts';
export type {
  CompactResponse,
  DeleteResponse,
  GetResponse,
  OpResponse,
  OpResponses,
  TxnResponse,
} from './kv/responses.ts';

export type { Watcher, WatchOptions } from './watch/watch.ts';
export type { WatchResponse, WatchStream } from './watch/service.ts';
export type { Lease, LeaseGrantOptions, LeaseKeepAliveOptions, LeaseTimeToLiveOptions } from './lease/lease.ts';
export type { KeepAlive } from './lease/service.ts';
export type { Cluster, MemberListOptions } from './cluster/cluster.ts';
export type { AlarmFilter, DowngradeAction, Maintenance } from './maintenance/maintenance.ts';
export type { Snapshot, SnapshotOptions, SnapshotProgress } from './maintenance/snapshot.ts';

// ---- for authors of interceptors, wrappers and transports -----------------------------------------------------------
export { invoke } from './client.ts';
export { prefixEnd, toBytes, toInt64 } from './bytes.ts';
export { toRange, type KeyRange } from './kv/range.ts';
export { invalidArgument, withFields } from './errors.ts';
export { serverError, type ServerError } from './error-codes.ts';
export {
  CallContext,
  contextKey,
  failedAttempts,
  isCall,
  type Call,
  type ClientStream,
  type ContextKey,
  type Interceptor,
  type InterceptorSite,
  type StreamHandler,
  type UnaryHandler,
} from './call.ts';
export type { ClientStats, EndpointStats, LeaseStats, WatchStats } from './stats.ts';
export { methods, type Method, type MethodKind, type MethodTable, type RequestOf, type ResponseOf } from './methods.ts';
export { deferredStream, failedStream, tapStream, type StreamTaps } from './pipeline/streams.ts';
export { wrapClient, type ServiceWrappers } from './wrap.ts';
export type { KVService } from './kv/service.ts';
export type { WatchService, WatchServiceOptions } from './watch/service.ts';
export type { LeaseService } from './lease/service.ts';
export { keyValue, withKey, type KeyValueFields } from './codec/key-value.ts';
export { watchEvent, type WatchEventFields } from './codec/watch-event.ts';
export { grpcTransport } from './transport/grpc.ts';
export type { Endpoint } from './transport/endpoints.ts';
export type {
  ConnectFailure,
  Connection,
  ConnectionOptions,
  Reach,
  Transport,
  WireCall,
  WireListener,
  WireStatus,
} from './transport/transport.ts';
export type {
  AlarmMember,
  AlarmResponse,
  AlarmType,
  AuthHeaderResponse,
  AuthRoleGetResponse,
  AuthRoleListResponse,
  AuthStatusResponse,
  AuthUserGetResponse,
  AuthUserListResponse,
  Compare,
  CompareResult,
  CompareTarget,
  CompactionRequest,
  CompactionResponse,
  DefragmentResponse,
  DeleteOp,
  DeleteRangeRequest,
  DeleteRangeResponse,
  DowngradeResponse,
  GetOp,
  HashKvResponse,
  HashResponse,
  KeyValue,
  LeaseGrantRequest,
  LeaseGrantResponse,
  LeaseKeepAliveRequest,
  LeaseKeepAliveResponse,
  LeaseLeasesResponse,
  LeaseRevokeRequest,
  LeaseRevokeResponse,
  LeaseTimeToLiveRequest,
  LeaseTimeToLiveResponse,
  Member,
  MemberAddResponse,
  MemberListResponse,
  MemberPromoteResponse,
  MemberRemoveResponse,
  MemberUpdateResponse,
  MoveLeaderResponse,
  Op,
  Permission,
  PutOp,
  PutRequest,
  PutResponse,
  RangeRequest,
  RangeResponse,
  RangeStreamResponse,
  ResponseHeader,
  ResponseOp,
  SortOrder,
  SortTarget,
  StatusResponse,
  TxnOp,
  TxnRequest,
  TxnResponseMessage,
  WatchCreateRequest,
  WatchEvent,
  WatchFilter,
  WatchRequest,
  WatchResponseMessage,
} from './messages.ts';
