// Codecs of cold messages, through proto-loader, loaded on first use.
import type * as m from '../messages.ts';
import type { Codec } from './codec.ts';

/** The codecs of Cluster, Maintenance and Auth. */
export interface ColdCodecs {
  readonly memberAdd: Codec<m.MemberAddRequest, m.MemberAddResponse>;
  readonly memberRemove: Codec<m.MemberRemoveRequest, m.MemberRemoveResponse>;
  readonly memberUpdate: Codec<m.MemberUpdateRequest, m.MemberUpdateResponse>;
  readonly memberList: Codec<m.MemberListRequest, m.MemberListResponse>;
  readonly memberPromote: Codec<m.MemberPromoteRequest, m.MemberPromoteResponse>;
  readonly alarm: Codec<m.AlarmRequest, m.AlarmResponse>;
  readonly status: Codec<m.StatusRequest, m.StatusResponse>;
  readonly defragment: Codec<m.DefragmentRequest, m.DefragmentResponse>;
  readonly hash: Codec<m.HashRequest, m.HashResponse>;
  readonly hashKv: Codec<m.HashKvRequest, m.HashKvResponse>;
  readonly snapshot: Codec<m.SnapshotRequest, m.SnapshotResponse>;
  readonly moveLeader: Codec<m.MoveLeaderRequest, m.MoveLeaderResponse>;
  readonly downgrade: Codec<m.DowngradeRequest, m.DowngradeResponse>;
  readonly authEnable: Codec<m.AuthEnableRequest, m.AuthHeaderResponse>;
  readonly authDisable: Codec<m.AuthDisableRequest, m.AuthHeaderResponse>;
  readonly authStatus: Codec<m.AuthStatusRequest, m.AuthStatusResponse>;
  readonly authenticate: Codec<m.AuthenticateRequest, m.AuthenticateResponse>;
  readonly userAdd: Codec<m.AuthUserAddRequest, m.AuthHeaderResponse>;
  readonly userGet: Codec<m.AuthUserNameRequest, m.AuthUserGetResponse>;
  readonly userList: Codec<m.AuthUserListRequest, m.AuthUserListResponse>;
  readonly userDelete: Codec<m.AuthUserNameRequest, m.AuthHeaderResponse>;
  readonly userChangePassword: Codec<m.AuthUserChangePasswordRequest, m.AuthHeaderResponse>;
  readonly userGrantRole: Codec<m.AuthUserGrantRoleRequest, m.AuthHeaderResponse>;
  readonly userRevokeRole: Codec<m.AuthUserRevokeRoleRequest, m.AuthHeaderResponse>;
  readonly roleAdd: Codec<m.AuthRoleAddRequest, m.AuthHeaderResponse>;
  readonly roleGet: Codec<m.AuthRoleNameRequest, m.AuthRoleGetResponse>;
  readonly roleList: Codec<m.AuthRoleListRequest, m.AuthRoleListResponse>;
  readonly roleDelete: Codec<m.AuthRoleNameRequest, m.AuthHeaderResponse>;
  readonly roleGrantPermission: Codec<m.AuthRoleGrantPermissionRequest, m.AuthHeaderResponse>;
  readonly roleRevokePermission: Codec<m.AuthRoleRevokePermissionRequest, m.AuthHeaderResponse>;
}

export const cold: ColdCodecs = {} as ColdCodecs;
