/// <reference types="node" preserve="true" />
/**
 * The entry for authors of interceptors, wrappers and transports. It is public and versioned like `@etcdts/core`, the entry for
 * applications. Each name is in one of the two entries, and both share one copy of the code.
 *
 * An interceptor reads every RPC, or changes it:
 *
 *     const timing: Interceptor = { name: 'timing', unary: (next) => (call) => next(call) };
 *     createClient({ endpoints, interceptors: [timing] });
 *
 * A wrapper puts whole services of its own around those of a client: `wrapClient(client, { kv: (next) => myKV(next) })`.
 * A transport moves encoded messages to one endpoint and back: `createClient({ endpoints, transport })`.
 *
 * A plugin adds call options to the other entry: `declare module '@etcdts/core' { interface CallOptions { … } }`.
 *
 * @packageDocumentation
 */

// ---- interceptors ---------------------------------------------------------------------------------------------------
export {
  CallContext,
  contextKey,
  failedAttempts,
  isCall,
  leaseDraw,
  servedBy,
  type Call,
  type ClientSite,
  type ClientStream,
  type ContextKey,
  type Interceptor,
  type InterceptorSite,
  type LeaseDraw,
  type StreamHandler,
  type UnaryHandler,
} from './call.ts';
export { methods, type Method, type MethodKind, type MethodTable, type RequestOf, type ResponseOf } from './methods.ts';
export { deferredStream, failedStream, tapStream, type StreamTaps } from './pipeline/streams.ts';
export { reopenedStream, type Reopening } from './pipeline/reopened-stream.ts';
export { pause } from './pipeline/pause.ts';
export { backoffMs, type Backoff } from './backoff.ts';
export { tokens } from './tokens.ts';
export { systemClock, type Clock, type Timer } from './clock.ts';
export type { ClientStats, EndpointStats, LeaseStats, WatchStats } from './stats.ts';

// ---- what clients publish on node:diagnostics_channel -----------------------------------------------------------------
export type {
  CallWaitsMessage,
  CloseMessage,
  ConnectMessage,
  DiagnosticsMessages,
  LeaseLostMessage,
  LostMessage,
  ReadyMessage,
  StreamResumedMessage,
  WatchParkedMessage,
} from './diagnostics.ts';

// ---- wrappers, and RPCs of a package --------------------------------------------------------------------------------
export { invoke, invokeStream } from './invoke.ts';
export {
  defineService,
  type DefinedMethods,
  type DefineServiceOptions,
  type ProtocolJson,
  type ServiceTypes,
} from './define-service.ts';
export type { RpcDefinition, ServiceDefinition } from './codec/definition.ts';
export { wrapClient, type ServiceWrappers } from './wrap.ts';
export { callOptionsOf, siteOf } from './client-site.ts';
export type { KVService } from './kv/service.ts';
export type { WatchService, WatchServiceOptions } from './watch/service.ts';
export type { LeaseService } from './lease/service.ts';
export { randomLeaseId } from './lease/lease-id.ts';

// ---- signals like those of leases ------------------------------------------------------------------------------------
export { checkedSignal, type CheckedSignal, type CheckedSignalOptions } from './checked-signal.ts';

// ---- arguments, values and errors -----------------------------------------------------------------------------------
export { onAbort } from './abort.ts';
export { prefixEnd, toBytes, toCount, toInt64, toKey } from './bytes.ts';
export { toRange, type KeyRange } from './kv/range.ts';
export { keyValue, withKey, type KeyValueFields } from './codec/key-value.ts';
export { plainMessage } from './codec/plain-message.ts';
export { watchEvent, type WatchEventFields } from './codec/watch-event.ts';
export { bindMethods } from './bound-methods.ts';
export { checkOptions, type OptionCheck, type OptionChecks, type ValueCheck } from './known-options.ts';
export { invalidArgument, withFields } from './errors.ts';
export { errorCodes, isLasting, serverError } from './failures.ts';

// ---- transports -----------------------------------------------------------------------------------------------------
export { grpcTransport, type GrpcTransportOptions } from './transport/grpc/grpc.ts';
export { connectionTo, type AddressParts } from './transport/addresses.ts';
export { explainFailure, type BrokenAttempt } from './transport/connect-failure.ts';
export { systemLookup, type Lookup } from './transport/lookup.ts';
export { tlsConnectOptions } from './transport/tls.ts';
export { authorityOf, type Endpoint } from './transport/endpoints.ts';
export type {
  ConnectFailure,
  Connection,
  ConnectionObserver,
  ConnectionOptions,
  KeepaliveTimes,
  Reach,
  Transport,
  WireCall,
  WireListener,
  WireStatus,
} from './transport/transport.ts';

// ---- etcd's messages that only authors use -------------------------------------------------------------------------
export type {
  AlarmRequest,
  AuthDisableRequest,
  AuthEnableRequest,
  AuthRoleAddRequest,
  AuthRoleGrantPermissionRequest,
  AuthRoleListRequest,
  AuthRoleNameRequest,
  AuthRoleRevokePermissionRequest,
  AuthStatusRequest,
  AuthUserAddRequest,
  AuthUserChangePasswordRequest,
  AuthUserGrantRoleRequest,
  AuthUserListRequest,
  AuthUserNameRequest,
  AuthUserRevokeRoleRequest,
  AuthenticateRequest,
  AuthenticateResponse,
  CompactionRequest,
  CompactionResponse,
  DefragmentRequest,
  DeleteRangeRequest,
  DeleteRangeResponse,
  DowngradeRequest,
  HashKvRequest,
  HashRequest,
  LeaseGrantRequest,
  LeaseKeepAliveRequest,
  LeaseLeasesRequest,
  LeaseRevokeRequest,
  LeaseTimeToLiveRequest,
  MemberAddRequest,
  MemberListRequest,
  MemberPromoteRequest,
  MemberRemoveRequest,
  MemberUpdateRequest,
  MoveLeaderRequest,
  PutRequest,
  RangeRequest,
  RangeResponse,
  RangeStreamResponse,
  ResponseOp,
  SnapshotRequest,
  SnapshotResponse,
  StatusRequest,
  TxnRequest,
  TxnResponseMessage,
  WatchCreateRequest,
  WatchRequest,
  WatchResponseMessage,
} from './messages.ts';
