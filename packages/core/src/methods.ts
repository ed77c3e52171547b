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
  /** How many messages go each way. */
  readonly kind: MethodKind;
  /** The path on the wire, such as `/etcdserverpb.KV/Range`. */
  readonly path: string;
  /** Whether it can change what etcd stores. */
  readonly safety: 'read' | 'write';
  /**
   * When it may be sent again after a failure. `always`: reads, and revokes of leases, of which a second one changes nothing.
   * `unsent`: only if the failed attempt had no effect.
   */
  readonly repeat: 'always' | 'unsent';
  /** @internal */
  readonly codec: Codec<Req, Res>;
  /** Never set. It carries the message types. */
  readonly types?: {
    /** Takes the type of requests. */
    request(message: Req): void;
    /** Has the type of responses. */
    response: Res;
  };
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
  /** KV.Range. */
  readonly range: Method<m.RangeRequest, m.RangeResponse>;
  /** KV.RangeStream, of etcd 3.7. */
  readonly rangeStream: Method<m.RangeRequest, m.RangeStreamResponse>;
  /** KV.Put. */
  readonly put: Method<m.PutRequest, m.PutResponse>;
  /** KV.DeleteRange. */
  readonly deleteRange: Method<m.DeleteRangeRequest, m.DeleteRangeResponse>;
  /** KV.Txn. */
  readonly txn: Method<m.TxnRequest, m.TxnResponseMessage>;
  /** KV.Compact. */
  readonly compact: Method<m.CompactionRequest, m.CompactionResponse>;

  /** Watch.Watch: one stream for many watches. */
  readonly watch: Method<m.WatchRequest, m.WatchResponseMessage>;

  /** Lease.LeaseGrant. */
  readonly leaseGrant: Method<m.LeaseGrantRequest, m.LeaseGrantResponse>;
  /** Lease.LeaseRevoke. */
  readonly leaseRevoke: Method<m.LeaseRevokeRequest, m.LeaseRevokeResponse>;
  /** Lease.LeaseKeepAlive: one stream for the renewals of many leases. */
  readonly leaseKeepAlive: Method<m.LeaseKeepAliveRequest, m.LeaseKeepAliveResponse>;
  /** Lease.LeaseTimeToLive. */
  readonly leaseTimeToLive: Method<m.LeaseTimeToLiveRequest, m.LeaseTimeToLiveResponse>;
  /** Lease.LeaseLeases. */
  readonly leaseLeases: Method<m.LeaseLeasesRequest, m.LeaseLeasesResponse>;

  /** Cluster.MemberAdd. */
  readonly memberAdd: Method<m.MemberAddRequest, m.MemberAddResponse>;
  /** Cluster.MemberRemove. */
  readonly memberRemove: Method<m.MemberRemoveRequest, m.MemberRemoveResponse>;
  /** Cluster.MemberUpdate. */
  readonly memberUpdate: Method<m.MemberUpdateRequest, m.MemberUpdateResponse>;
  /** Cluster.MemberList. */
  readonly memberList: Method<m.MemberListRequest, m.MemberListResponse>;
  /** Cluster.MemberPromote. */
  readonly memberPromote: Method<m.MemberPromoteRequest, m.MemberPromoteResponse>;

  /** Maintenance.Alarm. */
  readonly alarm: Method<m.AlarmRequest, m.AlarmResponse>;
  /** Maintenance.Status. */
  readonly status: Method<m.StatusRequest, m.StatusResponse>;
  /** Maintenance.Defragment. */
  readonly defragment: Method<m.DefragmentRequest, m.DefragmentResponse>;
  /** Maintenance.Hash. */
  readonly hash: Method<m.HashRequest, m.HashResponse>;
  /** Maintenance.HashKV. */
  readonly hashKv: Method<m.HashKvRequest, m.HashKvResponse>;
  /** Maintenance.Snapshot. */
  readonly snapshot: Method<m.SnapshotRequest, m.SnapshotResponse>;
  /** Maintenance.MoveLeader. */
  readonly moveLeader: Method<m.MoveLeaderRequest, m.MoveLeaderResponse>;
  /** Maintenance.Downgrade. */
  readonly downgrade: Method<m.DowngradeRequest, m.DowngradeResponse>;

  /** Auth.AuthEnable. */
  readonly authEnable: Method<m.AuthEnableRequest, m.AuthHeaderResponse>;
  /** Auth.AuthDisable. */
  readonly authDisable: Method<m.AuthDisableRequest, m.AuthHeaderResponse>;
  /** Auth.AuthStatus. */
  readonly authStatus: Method<m.AuthStatusRequest, m.AuthStatusResponse>;
  /** Auth.Authenticate. */
  readonly authenticate: Method<m.AuthenticateRequest, m.AuthenticateResponse>;
  /** Auth.UserAdd. */
  readonly userAdd: Method<m.AuthUserAddRequest, m.AuthHeaderResponse>;
  /** Auth.UserGet. */
  readonly userGet: Method<m.AuthUserNameRequest, m.AuthUserGetResponse>;
  /** Auth.UserList. */
  readonly userList: Method<m.AuthUserListRequest, m.AuthUserListResponse>;
  /** Auth.UserDelete. */
  readonly userDelete: Method<m.AuthUserNameRequest, m.AuthHeaderResponse>;
  /** Auth.UserChangePassword. */
  readonly userChangePassword: Method<m.AuthUserChangePasswordRequest, m.AuthHeaderResponse>;
  /** Auth.UserGrantRole. */
  readonly userGrantRole: Method<m.AuthUserGrantRoleRequest, m.AuthHeaderResponse>;
  /** Auth.UserRevokeRole. */
  readonly userRevokeRole: Method<m.AuthUserRevokeRoleRequest, m.AuthHeaderResponse>;
  /** Auth.RoleAdd. */
  readonly roleAdd: Method<m.AuthRoleAddRequest, m.AuthHeaderResponse>;
  /** Auth.RoleGet. */
  readonly roleGet: Method<m.AuthRoleNameRequest, m.AuthRoleGetResponse>;
  /** Auth.RoleList. */
  readonly roleList: Method<m.AuthRoleListRequest, m.AuthRoleListResponse>;
  /** Auth.RoleDelete. */
  readonly roleDelete: Method<m.AuthRoleNameRequest, m.AuthHeaderResponse>;
  /** Auth.RoleGrantPermission. */
  readonly roleGrantPermission: Method<m.AuthRoleGrantPermissionRequest, m.AuthHeaderResponse>;
  /** Auth.RoleRevokePermission. */
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
