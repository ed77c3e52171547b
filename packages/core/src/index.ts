/// <reference types="node" preserve="true" />
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
 * Every failure is an `EtcdError`: `code` is what happened, `outcome` is whether a write may have been applied. Close the client,
 * or make it with `await using`, so that the process can end.
 *
 * This entry is for applications; `@etcdts/core/plugin` is for authors of interceptors, wrappers and transports. Each name is in
 * one of the two.
 *
 * @packageDocumentation
 */

export { createClient, type EtcdClient } from './client.ts';
export type { ClientDescription, TlsDescription } from './client-description.ts';
export type { ClientOptions, KeepaliveOptions } from './options.ts';
export type { TlsLoader, TlsOptions } from './transport/transport.ts';
export type { EtcdOperations } from './operations.ts';
export type { CallOptions } from './call.ts';
export type { Metadata } from './metadata.ts';
export type { Bytes } from './bytes.ts';
export type { Logger } from './logger.ts';
export { EtcdError, isEtcdError, type EtcdErrorInit } from './errors.ts';
export type { ClientCode, EtcdErrorCode, EtcdServerCode, GrpcCode, Outcome, Remedy } from './error-codes.ts';
export { remedyOf, type Failure } from './failures.ts';

export type { CompactOptions, DeleteOptions, GetOptions, KV, PagesOptions, PutOptions } from './kv/kv.ts';
export {
  op,
  type DeleteOpOptions,
  type GetOpOptions,
  type NestedTxnOp,
  type PutOpOptions,
  type TxnInput,
} from './kv/op.ts';
export { compare, keyExists, keyMissing, type CompareRange, type IntegerCompare } from './kv/compare.ts';
export type { Impossible, Possible } from './kv/possible.ts';
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
export type { RequestProgressOptions, WatchResponse, WatchStream } from './watch/service.ts';
export type { Lease, LeaseGrantOptions, LeaseKeepAliveOptions, LeaseTimeToLiveOptions } from './lease/lease.ts';
export type { KeepAlive } from './lease/service.ts';
export type { Cluster, MemberListOptions } from './cluster/cluster.ts';
export type { AlarmFilter, DowngradeAction, Maintenance } from './maintenance/maintenance.ts';
export type { Snapshot, SnapshotOptions, SnapshotProgress } from './maintenance/snapshot.ts';

// ---- etcd's messages that an application passes or gets ---------------------------------------------------------------
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
  DefragmentResponse,
  DeleteOp,
  DowngradeResponse,
  GetOp,
  HashKvResponse,
  HashResponse,
  KeyValue,
  LeaseGrantResponse,
  LeaseKeepAliveResponse,
  LeaseLeasesResponse,
  LeaseRevokeResponse,
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
  PutResponse,
  ResponseHeader,
  SortOrder,
  SortTarget,
  StatusResponse,
  TxnOp,
  WatchEvent,
  WatchFilter,
} from './messages.ts';
