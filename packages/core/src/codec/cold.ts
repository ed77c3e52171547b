// The codecs of Cluster, Maintenance and Auth. They are called rarely, so they are made from etcd's declarations on first use.
import type * as m from '../messages.ts';
import { invalidArgument } from '../errors.ts';
import { framed } from '../frame.ts';
import type { Codec } from './codec.ts';
import { etcdMessage, type ProtoMessage } from './descriptors.ts';
import { NO_HEADER, header } from './header.ts';
import { plainMessage } from './plain-message.ts';
import { malformed } from './reader.ts';
import { wordNumber } from './writer.ts';

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

/** A message as the protos declare it: every field set, `null` for an absent message. */
type Proto = any;

const ALARM_ACTIONS: readonly m.AlarmRequest['action'][] = ['get', 'activate', 'deactivate'];
const ALARM_TYPES: readonly m.AlarmType[] = ['none', 'nospace', 'corrupt'];
const DOWNGRADE_ACTIONS: readonly m.DowngradeRequest['action'][] = ['validate', 'enable', 'cancel'];
const PERMISSION_TYPES: readonly m.Permission['type'][] = ['read', 'write', 'readwrite'];

/** Makes the codec of an RPC. `toProto` gives the fields of the request, `fromProto` those of the response without its header. */
function coldCodec<Req extends object, Res extends { readonly header: m.ResponseHeader }>(
  requestName: string,
  responseName: string,
  toProto: (request: Req) => object,
  fromProto: (response: Proto) => Omit<Res, 'header'>,
): Codec<Req, Res> {
  let request: ProtoMessage | undefined;
  let response: ProtoMessage | undefined;
  return {
    encodeRequest(message: Req): Buffer {
      request ??= etcdMessage(requestName);
      const proto = toProto(message);
      try {
        return framed(request.encode(proto));
      } catch (cause) {
        throw invalidArgument('request', `is no ${requestName}: ${(cause as Error).message}`);
      }
    },
    decodeResponse(bytes: Buffer): Res {
      let message: Proto;
      response ??= etcdMessage(responseName);
      try {
        message = response.decode(bytes);
      } catch (cause) {
        throw malformed(responseName, (cause as Error).message);
      }
      const fields = fromProto(message);
      return plainMessage({ header: message.header === null ? NO_HEADER : header(message.header), ...fields }) as Res;
    },
  };
}

const same = <T>(message: T): T => message;
const headerOnly = (): object => ({});

function fromWord<W extends string>(words: readonly W[], proto: string | number, name: string): W {
  const word = words.find((known) => known.toUpperCase() === proto);
  if (word === undefined) throw malformed(name, `it is ${proto}, which is unknown to this client`);
  return word;
}

function fromMember(proto: Proto): m.Member {
  if (proto === null) throw malformed('MemberAddResponse', 'it holds no member');
  const { ID: id, name, peerURLs: peerUrls, clientURLs: clientUrls, isLearner } = proto;
  return plainMessage({ id, name, peerUrls, clientUrls, isLearner });
}

const fromMembers = (proto: Proto): { readonly members: readonly m.Member[] } => ({
  members: proto.members.map(fromMember),
});

function fromStatus(proto: Proto): Omit<m.StatusResponse, 'header'> {
  const { version, leader, raftIndex, raftTerm, raftAppliedIndex, errors, isLearner, storageVersion } = proto;
  return {
    version,
    dbSize: Number(proto.dbSize),
    dbSizeInUse: Number(proto.dbSizeInUse),
    dbSizeQuota: Number(proto.dbSizeQuota),
    leader,
    raftIndex,
    raftTerm,
    raftAppliedIndex,
    errors,
    isLearner,
    storageVersion,
    ...(proto.downgradeInfo === null ? undefined : { downgradeInfo: proto.downgradeInfo }),
  };
}

const fromAlarm = (proto: Proto): m.AlarmMember =>
  plainMessage({ memberId: proto.memberID, alarm: fromWord(ALARM_TYPES, proto.alarm, 'AlarmMember.alarm') });

function fromPermission(proto: Proto): m.Permission {
  const type = fromWord(PERMISSION_TYPES, proto.permType, 'Permission.permType');
  const { key, rangeEnd } = proto;
  return plainMessage(rangeEnd.length === 0 ? { type, key } : { type, key, rangeEnd });
}

const toPermission = ({ type, key, rangeEnd }: m.Permission): object => ({
  permType: wordNumber(PERMISSION_TYPES, type, 'permission.type'),
  key,
  rangeEnd,
});

export const cold: ColdCodecs = {
  memberAdd: coldCodec(
    'MemberAddRequest',
    'MemberAddResponse',
    ({ peerUrls: peerURLs, isLearner }) => ({ peerURLs, isLearner }),
    (p) => ({ member: fromMember(p.member), ...fromMembers(p) }),
  ),
  memberRemove: coldCodec('MemberRemoveRequest', 'MemberRemoveResponse', ({ id: ID }) => ({ ID }), fromMembers),
  memberUpdate: coldCodec(
    'MemberUpdateRequest',
    'MemberUpdateResponse',
    ({ id: ID, peerUrls: peerURLs }) => ({ ID, peerURLs }),
    fromMembers,
  ),
  memberList: coldCodec('MemberListRequest', 'MemberListResponse', same, fromMembers),
  memberPromote: coldCodec('MemberPromoteRequest', 'MemberPromoteResponse', ({ id: ID }) => ({ ID }), fromMembers),

  alarm: coldCodec(
    'AlarmRequest',
    'AlarmResponse',
    ({ action, memberId: memberID, alarm = 'none' }) => ({
      action: wordNumber(ALARM_ACTIONS, action, 'action'),
      memberID,
      alarm: wordNumber(ALARM_TYPES, alarm, 'alarm'),
    }),
    (p) => ({ alarms: p.alarms.map(fromAlarm) }),
  ),
  status: coldCodec('StatusRequest', 'StatusResponse', same, fromStatus),
  defragment: coldCodec('DefragmentRequest', 'DefragmentResponse', same, headerOnly),
  hash: coldCodec('HashRequest', 'HashResponse', same, ({ hash }) => ({ hash })),
  hashKv: coldCodec('HashKVRequest', 'HashKVResponse', same, ({ hash, compactRevision, hashRevision }) => ({
    hash,
    compactRevision,
    hashRevision,
  })),
  snapshot: coldCodec('SnapshotRequest', 'SnapshotResponse', same, ({ remainingBytes, blob, version }) => ({
    remainingBytes,
    blob,
    version,
  })),
  moveLeader: coldCodec(
    'MoveLeaderRequest',
    'MoveLeaderResponse',
    ({ targetId: targetID }) => ({ targetID }),
    headerOnly,
  ),
  downgrade: coldCodec(
    'DowngradeRequest',
    'DowngradeResponse',
    ({ action, version }) => ({ action: wordNumber(DOWNGRADE_ACTIONS, action, 'action'), version }),
    ({ version }) => ({ version }),
  ),

  authEnable: coldCodec('AuthEnableRequest', 'AuthEnableResponse', same, headerOnly),
  authDisable: coldCodec('AuthDisableRequest', 'AuthDisableResponse', same, headerOnly),
  authStatus: coldCodec('AuthStatusRequest', 'AuthStatusResponse', same, ({ enabled, authRevision }) => ({
    enabled,
    authRevision,
  })),
  authenticate: coldCodec('AuthenticateRequest', 'AuthenticateResponse', same, ({ token }) => ({ token })),
  userAdd: coldCodec('AuthUserAddRequest', 'AuthUserAddResponse', same, headerOnly),
  userGet: coldCodec('AuthUserGetRequest', 'AuthUserGetResponse', same, ({ roles }) => ({ roles })),
  userList: coldCodec('AuthUserListRequest', 'AuthUserListResponse', same, ({ users }) => ({ users })),
  userDelete: coldCodec('AuthUserDeleteRequest', 'AuthUserDeleteResponse', same, headerOnly),
  userChangePassword: coldCodec('AuthUserChangePasswordRequest', 'AuthUserChangePasswordResponse', same, headerOnly),
  userGrantRole: coldCodec('AuthUserGrantRoleRequest', 'AuthUserGrantRoleResponse', same, headerOnly),
  userRevokeRole: coldCodec('AuthUserRevokeRoleRequest', 'AuthUserRevokeRoleResponse', same, headerOnly),
  roleAdd: coldCodec('AuthRoleAddRequest', 'AuthRoleAddResponse', same, headerOnly),
  roleGet: coldCodec('AuthRoleGetRequest', 'AuthRoleGetResponse', same, (p) => ({
    permissions: p.perm.map(fromPermission),
  })),
  roleList: coldCodec('AuthRoleListRequest', 'AuthRoleListResponse', same, ({ roles }) => ({ roles })),
  roleDelete: coldCodec('AuthRoleDeleteRequest', 'AuthRoleDeleteResponse', same, headerOnly),
  roleGrantPermission: coldCodec(
    'AuthRoleGrantPermissionRequest',
    'AuthRoleGrantPermissionResponse',
    ({ name, permission }) => ({ name, perm: toPermission(permission) }),
    headerOnly,
  ),
  roleRevokePermission: coldCodec(
    'AuthRoleRevokePermissionRequest',
    'AuthRoleRevokePermissionResponse',
    same,
    headerOnly,
  ),
};
