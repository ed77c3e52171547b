import { ALARMS, alarmText, kindOf, type Alarm } from '../alarms.ts';
import type { Lease } from '../lease/lessor.ts';
import { VERSIONS, type Member } from '../member.ts';
import { reportedQuota } from '../quota.ts';
import { status, verdict } from '../status.ts';
import { Crc32c } from '../store/crc32c.ts';
import { addChange } from '../store/hash.ts';
import type { Change } from '../store/key-history.ts';
import type { Handlers } from './handlers.ts';

interface AlarmRequest {
  /** 0 is get, 1 activate, 2 deactivate. */
  readonly action: number;
  readonly memberID: bigint;
  readonly alarm: number;
}
interface DowngradeRequest {
  /** 0 is validate, 1 enable, 2 cancel. */
  readonly action: number;
  readonly version: string;
}

const DOWNGRADE_VERSION = '3.6.0';
const [GET, ACTIVATE, DEACTIVATE] = [0, 1, 2];
/** The kind of an alarm in a request for all kinds. */
const NONE = 0;
const [VALIDATE, ENABLE] = [0, 1];

/** The Maintenance service (server/etcdserver/api/v3rpc/maintenance.go). There is no database file. */
export function maintenance(member: Member): Handlers {
  const { store, lessor, space, alarms, options } = member;
  let downgradeTo = '';
  const downgrade = ({ action, version }: DowngradeRequest): void => {
    if (action !== VALIDATE && action !== ENABLE) {
      downgradeTo = '';
      return;
    }
    const parts = /^(\d+)\.(\d+)(\.\d+)?(-.*)?$/.exec(version);
    if (parts === null) throw verdict('WRONG_DOWNGRADE_VERSION_FORMAT');
    const target = `${parts[1]}.${parts[2]}.0`;
    if (target !== DOWNGRADE_VERSION) throw verdict('INVALID_DOWNGRADE_TARGET_VERSION');
    if (downgradeTo !== '') throw verdict('DOWNGRADE_IN_PROCESS');
    if (action === ENABLE) downgradeTo = target;
  };
  /** Lists, raises or ends alarms, and returns those that are concerned. */
  const concerned = ({ action, memberID, alarm }: AlarmRequest): readonly (Alarm | undefined)[] => {
    const kind = kindOf(alarm);
    if (action === GET) return alarms.active.filter((one) => alarm === NONE || one.kind === kind);
    if (kind === undefined) return [];
    if (action === ACTIVATE) return [alarms.raise(memberID, kind)];
    return action === DEACTIVATE ? [alarms.disarm(memberID, kind)] : [];
  };
  return {
    unary: {
      'Maintenance.Status': (_: object, caller) => {
        member.checkSignedIn(caller);
        return {
          header: member.header(),
          version: VERSIONS.etcdserver,
          dbSize: space.size,
          dbSizeInUse: space.sizeInUse,
          dbSizeQuota: reportedQuota(options.quotaBackendBytes),
          leader: member.id,
          raftIndex: member.index,
          raftTerm: member.term,
          raftAppliedIndex: member.index,
          errors: alarms.active.map(alarmText),
          storageVersion: VERSIONS.storage,
          downgradeInfo: { enabled: downgradeTo !== '', targetVersion: downgradeTo },
        };
      },
      'Maintenance.Alarm': (request: AlarmRequest, caller) => {
        if (request.action === GET) member.checkSignedIn(caller);
        else member.checkAdmin(caller);
        member.propose(caller);
        const messages = concerned(request).flatMap((one) =>
          one === undefined ? [] : [{ memberID: one.memberId, alarm: ALARMS[one.kind] }],
        );
        return { header: member.header(), alarms: messages };
      },
      'Maintenance.Defragment': (_: object, caller) => {
        member.checkAdmin(caller);
        space.defragment();
        return {};
      },
      'Maintenance.Hash': (_: object, caller) => {
        member.checkAdmin(caller);
        return { header: member.header(), hash: hashOfDatabase(store.changes, lessor.all()) };
      },
      'Maintenance.HashKV': ({ revision }: { readonly revision: bigint }, caller) => {
        member.checkAdmin(caller);
        const { revision: hashRevision, ...hash } = store.hashKv(revision);
        return { header: member.header(), ...hash, hashRevision };
      },
      'Maintenance.MoveLeader': ({ targetID }: { readonly targetID: bigint }, caller) => {
        member.checkAdmin(caller);
        if (targetID !== member.id) throw verdict('BAD_LEADER_TRANSFEREE');
        return {};
      },
      'Maintenance.Downgrade': (request: DowngradeRequest, caller) => {
        member.checkAdmin(caller);
        downgrade(request);
        return { header: member.header(), version: VERSIONS.etcdcluster };
      },
    },
    parts: {
      'Maintenance.Snapshot': (_: object, caller) => {
        member.checkAdmin(caller);
        throw status('UNIMPLEMENTED', 'the embedded etcd has no database file to take a snapshot of');
      },
    },
  };
}

/** A checksum of everything that is stored. It is not etcd's own, which has parts of the file that do not exist here. */
function hashOfDatabase(changes: Iterable<Change>, leases: readonly Lease[]): number {
  const sum = new Crc32c();
  sum.bytes(Buffer.from('key'));
  for (const change of changes) addChange(sum, change);
  sum.bytes(Buffer.from('lease'));
  for (const { id, ttl } of leases.toSorted((a, b) => Number(a.id - b.id))) {
    sum.int64(id);
    sum.int64(ttl);
  }
  return sum.value;
}
