// Data: every RPC of etcd with its kind, what it does to the store, and its codec. One row is all that a new RPC needs here.
import type { Codec } from './codec/codec.ts';
import { cold } from './codec/cold.ts';
import * as hot from './codec/hot.ts';
import type * as m from './messages.ts';

/** How messages go: one each way, one there and many back, or many each way. */
export type MethodKind = 'unary' | 'serverStream' | 'bidi';

/**
 * One RPC. `safety` is what repeating it can do: a `read` has no effect on the store and may be repeated, a `write`
 * only where it provably never reached etcd.
 */
export interface Method<Req = unknown, Res = unknown> {
  /** The proto service, as `etcdserverpb.KV`. */
  readonly service: string;
  /** The RPC's name, as `Range`. */
  readonly name: string;
  readonly kind: MethodKind;
  /** `/etcdserverpb.KV/Range`. */
  readonly path: string;
  readonly safety: 'read' | 'write';
  /** @internal */
  readonly codec: Codec<Req, Res>;
  /** Never set: carries the message types. */
  readonly types?: { request(message: Req): void; response: Res };
}

/** The request message of a method. */
export type RequestOf<M> = M extends Method<infer Req, infer _Res> ? Req : never;
/** The response message of a method. */
export type ResponseOf<M> = M extends Method<infer _Req, infer Res> ? Res : never;

function rpc<Req, Res>(
  service: string,
  name: string,
  kind: MethodKind,
  safety: 'read' | 'write',
  codec: Codec<Req, Res>,
): Method<Req, Res> {
  return Object.freeze({ service, name, kind, path: `/${service}/${name}`, safety, codec });
}

const KV = 'etcdserverpb.KV';
const WATCH = 'etcdserverpb.Watch';
const LEASE = 'etcdserverpb.Lease';
const CLUSTER = 'etcdserverpb.Cluster';
const MAINTENANCE = 'etcdserverpb.Maintenance';
const AUTH = 'etcdserverpb.Auth';

/** Every RPC of etcd's API (etcdserverpb/rpc.proto), by a name of its own. */
export const methods = {
  range: rpc<m.RangeRequest, m.RangeResponse>(KV, 'Range', 'unary', 'read', hot.range),
  rangeStream: rpc<m.RangeRequest, m.RangeStreamResponse>(KV, 'RangeStream', 'serverStream', 'read', hot.rangeStream),
  put: rpc<m.PutRequest, m.PutResponse>(KV, 'Put', 'unary', 'write', hot.put),
  deleteRange: rpc<m.DeleteRangeRequest, m.DeleteRangeResponse>(KV, 'DeleteRange', 'unary', 'write', hot.deleteRange),
  txn: rpc<m.TxnRequest, m.TxnResponseMessage>(KV, 'Txn', 'unary', 'write', hot.txn),
  compact: rpc<m.CompactionRequest, m.CompactionResponse>(KV, 'Compact', 'unary', 'write', hot.compact),

  watch: rpc<m.WatchRequest, m.WatchResponseMessage>(WATCH, 'Watch', 'bidi', 'read', hot.watch),

  leaseGrant: rpc<m.LeaseGrantRequest, m.LeaseGrantResponse>(LEASE, 'LeaseGrant', 'unary', 'write', hot.leaseGrant),
  leaseRevoke: rpc<m.LeaseRevokeRequest, m.LeaseRevokeResponse>(LEASE, 'LeaseRevoke', 'unary', 'write', hot.leaseRevoke),
  leaseKeepAlive: rpc<m.LeaseKeepAliveRequest, m.LeaseKeepAliveResponse>(LEASE, 'LeaseKeepAlive', 'bidi', 'read', hot.leaseKeepAlive),
  leaseTimeToLive: rpc<m.LeaseTimeToLiveRequest, m.LeaseTimeToLiveResponse>(LEASE, 'LeaseTimeToLive', 'unary', 'read', hot.leaseTimeToLive),
  leaseLeases: rpc<m.LeaseLeasesRequest, m.LeaseLeasesResponse>(LEASE, 'LeaseLeases', 'unary', 'read', hot.leaseLeases),

  memberAdd: rpc<m.MemberAddRequest, m.MemberAddResponse>(CLUSTER, 'MemberAdd', 'unary', 'write', cold.memberAdd),
  memberRemove: rpc<m.MemberRemoveRequest, m.MemberRemoveResponse>(CLUSTER, 'MemberRemove', 'unary', 'write', cold.memberRemove),
  memberUpdate: rpc<m.MemberUpdateRequest, m.MemberUpdateResponse>(CLUSTER, 'MemberUpdate', 'unary', 'write', cold.memberUpdate),
  memberList: rpc<m.MemberListRequest, m.MemberListResponse>(CLUSTER, 'MemberList', 'unary', 'read', cold.memberList),
  memberPromote: rpc<m.MemberPromoteRequest, m.MemberPromoteResponse>(CLUSTER, 'MemberPromote', 'unary', 'write', cold.memberPromote),

  alarm: rpc<m.AlarmRequest, m.AlarmResponse>(MAINTENANCE, 'Alarm', 'unary', 'write', cold.alarm),
  status: rpc<m.StatusRequest, m.StatusResponse>(MAINTENANCE, 'Status', 'unary', 'read', cold.status),
  defragment: rpc<m.DefragmentRequest, m.DefragmentResponse>(MAINTENANCE, 'Defragment', 'unary', 'write', cold.defragment),
  hash: rpc<m.HashRequest, m.HashResponse>(MAINTENANCE, 'Hash', 'unary', 'read', cold.hash),
  hashKv: rpc<m.HashKvRequest, m.HashKvResponse>(MAINTENANCE, 'HashKV', 'unary', 'read', cold.hashKv),
  snapshot: rpc<m.SnapshotRequest, m.SnapshotResponse>(MAINTENANCE, 'Snapshot', 'serverStream', 'read', cold.snapshot),
  moveLeader: rpc<m.MoveLeaderRequest, m.MoveLeaderResponse>(MAINTENANCE, 'MoveLeader', 'unary', 'write', cold.moveLeader),
  downgrade: rpc<m.DowngradeRequest, m.DowngradeResponse>(MAINTENANCE, 'Downgrade', 'unary', 'write', cold.downgrade),

  authEnable: rpc<m.AuthEnableRequest, m.AuthHeaderResponse>(AUTH, 'AuthEnable', 'unary', 'write', cold.authEnable),
  authDisable: rpc<m.AuthDisableRequest, m.AuthHeaderResponse>(AUTH, 'AuthDisable', 'unary', 'write', cold.authDisable),
  authStatus: rpc<m.AuthStatusRequest, m.AuthStatusResponse>(AUTH, 'AuthStatus', 'unary', 'read', cold.authStatus),
  authenticate: rpc<m.AuthenticateRequest, m.AuthenticateResponse>(AUTH, 'Authenticate', 'unary', 'read', cold.authenticate),
  userAdd: rpc<m.AuthUserAddRequest, m.AuthHeaderResponse>(AUTH, 'UserAdd', 'unary', 'write', cold.userAdd),
  userGet: rpc<m.AuthUserNameRequest, m.AuthUserGetResponse>(AUTH, 'UserGet', 'unary', 'read', cold.userGet),
  userList: rpc<m.AuthUserListRequest, m.AuthUserListResponse>(AUTH, 'UserList', 'unary', 'read', cold.userList),
  userDelete: rpc<m.AuthUserNameRequest, m.AuthHeaderResponse>(AUTH, 'UserDelete', 'unary', 'write', cold.userDelete),
  userChangePassword: rpc<m.AuthUserChangePasswordRequest, m.AuthHeaderResponse>(AUTH, 'UserChangePassword', 'unary', 'write', cold.userChangePassword),
  userGrantRole: rpc<m.AuthUserGrantRoleRequest, m.AuthHeaderResponse>(AUTH, 'UserGrantRole', 'unary', 'write', cold.userGrantRole),
  userRevokeRole: rpc<m.AuthUserRevokeRoleRequest, m.AuthHeaderResponse>(AUTH, 'UserRevokeRole', 'unary', 'write', cold.userRevokeRole),
  roleAdd: rpc<m.AuthRoleAddRequest, m.AuthHeaderResponse>(AUTH, 'RoleAdd', 'unary', 'write', cold.roleAdd),
  roleGet: rpc<m.AuthRoleNameRequest, m.AuthRoleGetResponse>(AUTH, 'RoleGet', 'unary', 'read', cold.roleGet),
  roleList: rpc<m.AuthRoleListRequest, m.AuthRoleListResponse>(AUTH, 'RoleList', 'unary', 'read', cold.roleList),
  roleDelete: rpc<m.AuthRoleNameRequest, m.AuthHeaderResponse>(AUTH, 'RoleDelete', 'unary', 'write', cold.roleDelete),
  roleGrantPermission: rpc<m.AuthRoleGrantPermissionRequest, m.AuthHeaderResponse>(AUTH, 'RoleGrantPermission', 'unary', 'write', cold.roleGrantPermission),
  roleRevokePermission: rpc<m.AuthRoleRevokePermissionRequest, m.AuthHeaderResponse>(AUTH, 'RoleRevokePermission', 'unary', 'write', cold.roleRevokePermission),
} as const;
