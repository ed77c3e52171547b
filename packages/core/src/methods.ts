// Data: every RPC of etcd with its kind, its effect on the store, and its codec. A new RPC needs only one row here.
import type { Codec } from './codec/codec.ts';
import { cold } from './codec/cold.ts';
import { compact, deleteRange, put, range, rangeStream } from './codec/kv.ts';
import { leaseGrant, leaseKeepAlive, leaseLeases, leaseRevoke, leaseTimeToLive } from './codec/lease.ts';
import { txn } from './codec/txn.ts';
import { watch } from './codec/watch.ts';
import type * as m from './messages.ts';

/** How many messages an RPC has: one request and one response, one request and many responses, or many of both. */
export type MethodKind = 'unary' | 'serverStream' | 'bidi';

/**
 * One RPC. `safety` decides whether it may be repeated: a `read` has no effect on the store and may be repeated, a `write` only
 * if it provably never reached etcd.
 */
export interface Method<Req = unknown, Res = unknown> {
  /** The proto service, such as `etcdserverpb.KV`. */
  readonly service: string;
  /** The RPC's name, such as `Range`. */
  readonly name: string;
  /** The name in errors, labels and logs, such as `KV.Range`: the service without its package, and the RPC. */
  readonly label: string;
  readonly kind: MethodKind;
  /** The path on the wire, such as `/etcdserverpb.KV/Range`. */
  readonly path: string;
  readonly safety: 'read' | 'write';
  /**
   * When it may be sent again after a failure. `always`: reads, and revokes of leases, of which a second one changes nothing.
   * `unsent`: only if the failed attempt had no effect.
   */
  readonly repeat: 'always' | 'unsent';
  /** @internal */
  readonly codec: Codec<Req, Res>;
  /** Never set. It carries the message types. */
  readonly types?: { request(message: Req): void; response: Res };
}

/** The request message of a method. */
export type RequestOf<M> = M extends Method<infer Req, infer _Res> ? Req : never;
/** The response message of a method. */
export type ResponseOf<M> = M extends Method<infer _Req, infer Res> ? Res : never;

/** Makes a method, for a row of the table or for an RPC of another service. */
export function rpc<Req, Res>(
  service: string,
  name: string,
  kind: MethodKind,
  safety: 'read' | 'write',
  codec: Codec<Req, Res>,
  repeat: 'always' | 'unsent' = safety === 'read' ? 'always' : 'unsent',
): Method<Req, Res> {
  const label = `${service.slice(service.lastIndexOf('.') + 1)}.${name}`;
  return Object.freeze({ service, name, label, kind, path: `/${service}/${name}`, safety, repeat, codec });
}

const KV = 'etcdserverpb.KV';
const WATCH = 'etcdserverpb.Watch';
const LEASE = 'etcdserverpb.Lease';
const CLUSTER = 'etcdserverpb.Cluster';
const MAINTENANCE = 'etcdserverpb.Maintenance';
const AUTH = 'etcdserverpb.Auth';

/** Every RPC of etcd's API (etcdserverpb/rpc.proto), by a name of its own. */
export interface MethodTable {
  readonly range: Method<m.RangeRequest, m.RangeResponse>;
  readonly rangeStream: Method<m.RangeRequest, m.RangeStreamResponse>;
  readonly put: Method<m.PutRequest, m.PutResponse>;
  readonly deleteRange: Method<m.DeleteRangeRequest, m.DeleteRangeResponse>;
  readonly txn: Method<m.TxnRequest, m.TxnResponseMessage>;
  readonly compact: Method<m.CompactionRequest, m.CompactionResponse>;

  readonly watch: Method<m.WatchRequest, m.WatchResponseMessage>;

  readonly leaseGrant: Method<m.LeaseGrantRequest, m.LeaseGrantResponse>;
  readonly leaseRevoke: Method<m.LeaseRevokeRequest, m.LeaseRevokeResponse>;
  readonly leaseKeepAlive: Method<m.LeaseKeepAliveRequest, m.LeaseKeepAliveResponse>;
  readonly leaseTimeToLive: Method<m.LeaseTimeToLiveRequest, m.LeaseTimeToLiveResponse>;
  readonly leaseLeases: Method<m.LeaseLeasesRequest, m.LeaseLeasesResponse>;

  readonly memberAdd: Method<m.MemberAddRequest, m.MemberAddResponse>;
  readonly memberRemove: Method<m.MemberRemoveRequest, m.MemberRemoveResponse>;
  readonly memberUpdate: Method<m.MemberUpdateRequest, m.MemberUpdateResponse>;
  readonly memberList: Method<m.MemberListRequest, m.MemberListResponse>;
  readonly memberPromote: Method<m.MemberPromoteRequest, m.MemberPromoteResponse>;

  readonly alarm: Method<m.AlarmRequest, m.AlarmResponse>;
  readonly status: Method<m.StatusRequest, m.StatusResponse>;
  readonly defragment: Method<m.DefragmentRequest, m.DefragmentResponse>;
  readonly hash: Method<m.HashRequest, m.HashResponse>;
  readonly hashKv: Method<m.HashKvRequest, m.HashKvResponse>;
  readonly snapshot: Method<m.SnapshotRequest, m.SnapshotResponse>;
  readonly moveLeader: Method<m.MoveLeaderRequest, m.MoveLeaderResponse>;
  readonly downgrade: Method<m.DowngradeRequest, m.DowngradeResponse>;

  readonly authEnable: Method<m.AuthEnableRequest, m.AuthHeaderResponse>;
  readonly authDisable: Method<m.AuthDisableRequest, m.AuthHeaderResponse>;
  readonly authStatus: Method<m.AuthStatusRequest, m.AuthStatusResponse>;
  readonly authenticate: Method<m.AuthenticateRequest, m.AuthenticateResponse>;
  readonly userAdd: Method<m.AuthUserAddRequest, m.AuthHeaderResponse>;
  readonly userGet: Method<m.AuthUserNameRequest, m.AuthUserGetResponse>;
  readonly userList: Method<m.AuthUserListRequest, m.AuthUserListResponse>;
  readonly userDelete: Method<m.AuthUserNameRequest, m.AuthHeaderResponse>;
  readonly userChangePassword: Method<m.AuthUserChangePasswordRequest, m.AuthHeaderResponse>;
  readonly userGrantRole: Method<m.AuthUserGrantRoleRequest, m.AuthHeaderResponse>;
  readonly userRevokeRole: Method<m.AuthUserRevokeRoleRequest, m.AuthHeaderResponse>;
  readonly roleAdd: Method<m.AuthRoleAddRequest, m.AuthHeaderResponse>;
  readonly roleGet: Method<m.AuthRoleNameRequest, m.AuthRoleGetResponse>;
  readonly roleList: Method<m.AuthRoleListRequest, m.AuthRoleListResponse>;
  readonly roleDelete: Method<m.AuthRoleNameRequest, m.AuthHeaderResponse>;
  readonly roleGrantPermission: Method<m.AuthRoleGrantPermissionRequest, m.AuthHeaderResponse>;
  readonly roleRevokePermission: Method<m.AuthRoleRevokePermissionRequest, m.AuthHeaderResponse>;
}

/** The table itself. */
export const methods: MethodTable = {
  range: rpc(KV, 'Range', 'unary', 'read', range),
  rangeStream: rpc(KV, 'RangeStream', 'serverStream', 'read', rangeStream),
  put: rpc(KV, 'Put', 'unary', 'write', put),
  deleteRange: rpc(KV, 'DeleteRange', 'unary', 'write', deleteRange),
  txn: rpc(KV, 'Txn', 'unary', 'write', txn),
  compact: rpc(KV, 'Compact', 'unary', 'write', compact),

  watch: rpc(WATCH, 'Watch', 'bidi', 'read', watch),

  leaseGrant: rpc(LEASE, 'LeaseGrant', 'unary', 'write', leaseGrant),
  leaseRevoke: rpc(LEASE, 'LeaseRevoke', 'unary', 'write', leaseRevoke, 'always'),
  leaseKeepAlive: rpc(LEASE, 'LeaseKeepAlive', 'bidi', 'read', leaseKeepAlive),
  leaseTimeToLive: rpc(LEASE, 'LeaseTimeToLive', 'unary', 'read', leaseTimeToLive),
  leaseLeases: rpc(LEASE, 'LeaseLeases', 'unary', 'read', leaseLeases),

  memberAdd: rpc(CLUSTER, 'MemberAdd', 'unary', 'write', cold.memberAdd),
  memberRemove: rpc(CLUSTER, 'MemberRemove', 'unary', 'write', cold.memberRemove),
  memberUpdate: rpc(CLUSTER, 'MemberUpdate', 'unary', 'write', cold.memberUpdate),
  memberList: rpc(CLUSTER, 'MemberList', 'unary', 'read', cold.memberList),
  memberPromote: rpc(CLUSTER, 'MemberPromote', 'unary', 'write', cold.memberPromote),

  alarm: rpc(MAINTENANCE, 'Alarm', 'unary', 'write', cold.alarm),
  status: rpc(MAINTENANCE, 'Status', 'unary', 'read', cold.status),
  defragment: rpc(MAINTENANCE, 'Defragment', 'unary', 'write', cold.defragment),
  hash: rpc(MAINTENANCE, 'Hash', 'unary', 'read', cold.hash),
  hashKv: rpc(MAINTENANCE, 'HashKV', 'unary', 'read', cold.hashKv),
  snapshot: rpc(MAINTENANCE, 'Snapshot', 'serverStream', 'read', cold.snapshot),
  moveLeader: rpc(MAINTENANCE, 'MoveLeader', 'unary', 'write', cold.moveLeader),
  downgrade: rpc(MAINTENANCE, 'Downgrade', 'unary', 'write', cold.downgrade),

  authEnable: rpc(AUTH, 'AuthEnable', 'unary', 'write', cold.authEnable),
  authDisable: rpc(AUTH, 'AuthDisable', 'unary', 'write', cold.authDisable),
  authStatus: rpc(AUTH, 'AuthStatus', 'unary', 'read', cold.authStatus),
  authenticate: rpc(AUTH, 'Authenticate', 'unary', 'read', cold.authenticate),
  userAdd: rpc(AUTH, 'UserAdd', 'unary', 'write', cold.userAdd),
  userGet: rpc(AUTH, 'UserGet', 'unary', 'read', cold.userGet),
  userList: rpc(AUTH, 'UserList', 'unary', 'read', cold.userList),
  userDelete: rpc(AUTH, 'UserDelete', 'unary', 'write', cold.userDelete),
  userChangePassword: rpc(AUTH, 'UserChangePassword', 'unary', 'write', cold.userChangePassword),
  userGrantRole: rpc(AUTH, 'UserGrantRole', 'unary', 'write', cold.userGrantRole),
  userRevokeRole: rpc(AUTH, 'UserRevokeRole', 'unary', 'write', cold.userRevokeRole),
  roleAdd: rpc(AUTH, 'RoleAdd', 'unary', 'write', cold.roleAdd),
  roleGet: rpc(AUTH, 'RoleGet', 'unary', 'read', cold.roleGet),
  roleList: rpc(AUTH, 'RoleList', 'unary', 'read', cold.roleList),
  roleDelete: rpc(AUTH, 'RoleDelete', 'unary', 'write', cold.roleDelete),
  roleGrantPermission: rpc(AUTH, 'RoleGrantPermission', 'unary', 'write', cold.roleGrantPermission),
  roleRevokePermission: rpc(AUTH, 'RoleRevokePermission', 'unary', 'write', cold.roleRevokePermission),
};
