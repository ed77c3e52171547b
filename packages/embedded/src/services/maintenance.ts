import type { Member } from '../member.ts';
import { status, verdict } from '../status.ts';
import type { Handlers } from './handlers.ts';

interface AlarmRequest {
  /** 0 is get, 1 activate, 2 deactivate. */
  readonly action: number;
}
interface DowngradeRequest {
  /** 0 is validate, 1 enable, 2 cancel. */
  readonly action: number;
  readonly version: string;
}

/** The version of etcd whose semantics this server has. */
const VERSION = '3.7.1';
const CLUSTER_VERSION = '3.7.0';
const DOWNGRADE_VERSION = '3.6.0';
const QUOTA_BYTES = 2 * 2 ** 30;
const [ALARM_GET, ALARM_ACTIVATE] = [0, 1];
const [VALIDATE, ENABLE] = [0, 1];

/** The Maintenance service (server/etcdserver/api/v3rpc/maintenance.go). There is no database file, and no alarm. */
export function maintenance(member: Member): Handlers {
  const { store } = member;
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
  return {
    unary: {
      'Maintenance.Status': (_: object, caller) => {
        member.checkSignedIn(caller);
        return {
          header: member.header(),
          version: VERSION,
          dbSize: store.size,
          dbSizeInUse: store.size,
          dbSizeQuota: QUOTA_BYTES,
          leader: member.id,
          raftIndex: member.index,
          raftTerm: member.term,
          raftAppliedIndex: member.index,
          storageVersion: CLUSTER_VERSION,
          downgradeInfo: { enabled: downgradeTo !== '', targetVersion: downgradeTo },
        };
      },
      'Maintenance.Alarm': ({ action }: AlarmRequest, caller) => {
        if (action === ALARM_GET) member.checkSignedIn(caller);
        else member.checkAdmin(caller);
        if (action === ALARM_ACTIVATE) throw status('UNIMPLEMENTED', 'the embedded etcd raises no alarms');
        return { header: member.header() };
      },
      'Maintenance.Defragment': (_: object, caller) => {
        member.checkAdmin(caller);
        return {};
      },
      'Maintenance.Hash': (_: object, caller) => {
        member.checkAdmin(caller);
        return { header: member.header(), hash: store.hash(store.revision) };
      },
      'Maintenance.HashKV': ({ revision }: { readonly revision: bigint }, caller) => {
        member.checkAdmin(caller);
        if (revision > 0n && revision < store.compactRevision) throw verdict('COMPACTED');
        if (revision > store.revision) throw verdict('FUTURE_REV');
        const hashRevision = revision > 0n ? Number(revision) : store.revision;
        const compactRevision = store.compactRevision;
        return { header: member.header(), hash: store.hash(hashRevision), compactRevision, hashRevision };
      },
      'Maintenance.MoveLeader': ({ targetID }: { readonly targetID: bigint }, caller) => {
        member.checkAdmin(caller);
        if (targetID !== member.id) throw verdict('BAD_LEADER_TRANSFEREE');
        return {};
      },
      'Maintenance.Downgrade': (request: DowngradeRequest, caller) => {
        member.checkAdmin(caller);
        downgrade(request);
        return { header: member.header(), version: CLUSTER_VERSION };
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
