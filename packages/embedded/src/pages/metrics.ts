import { VERSIONS, type Member } from '../member.ts';
import { reportedQuota } from '../quota.ts';

/** A metric that has one value and no labels, or a value for each set of labels. */
interface Metric {
  readonly name: string;
  readonly type: 'counter' | 'gauge';
  readonly help: string;
  readonly values: readonly (readonly [labels: Readonly<Record<string, string>>, value: number])[];
}

/** The page /metrics: those of etcd's metrics that mean something here, with etcd's names, in the format of Prometheus. */
export function metrics(member: Member): string {
  return metricsOf(member)
    .map(({ name, type, help, values }) => {
      const lines = values.map(([labels, value]) => `${name}${shown(labels)} ${printed(value)}\n`).join('');
      return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines}`;
    })
    .join('');
}

function metricsOf({ id, index, options, store, space, hub, checkups }: Member): readonly Metric[] {
  const one = (name: string, type: Metric['type'], help: string, value: number): Metric => ({
    name,
    type,
    help,
    values: [[{}, value]],
  });
  const cluster = VERSIONS.etcdcluster.replace(/\.0$/, '');
  const quota = reportedQuota(options.quotaBackendBytes);
  const keys = store.range({ key: '', end: '' }, 0, 0, true).count;
  const labelled = (name: string, help: string, label: string, value: string): Metric => ({
    name,
    type: 'gauge',
    help,
    values: [[{ [label]: value }, 1]],
  });
  return [
    labelled('etcd_cluster_version', 'The version of the cluster, as a label.', 'cluster_version', cluster),
    one('etcd_debugging_mvcc_compact_revision', 'gauge', 'The revision of the last compaction.', store.compactRevision),
    one('etcd_debugging_mvcc_current_revision', 'gauge', 'The current revision.', store.revision),
    one('etcd_debugging_mvcc_keys_total', 'gauge', 'Number of keys.', keys),
    one('etcd_debugging_mvcc_watcher_total', 'gauge', 'Number of watchers.', hub.size),
    one('etcd_mvcc_db_total_size_in_bytes', 'gauge', 'Size of the database in bytes.', space.size),
    one('etcd_mvcc_db_total_size_in_use_in_bytes', 'gauge', 'Size of what is in use in bytes.', space.sizeInUse),
    one('etcd_server_has_leader', 'gauge', 'Whether there is a leader.', 1),
    one('etcd_server_health_failures', 'counter', 'Number of failed health checks.', checkups.unhealthy),
    one('etcd_server_health_success', 'counter', 'Number of successful health checks.', checkups.healthy),
    labelled('etcd_server_id', 'The id of the member, as a label.', 'server_id', id.toString(16)),
    one('etcd_server_is_leader', 'gauge', 'Whether this member leads.', 1),
    one('etcd_server_is_learner', 'gauge', 'Whether this member learns.', 0),
    one('etcd_server_leader_changes_seen_total', 'counter', 'Number of changes of the leader.', 1),
    one('etcd_server_proposals_applied_total', 'gauge', 'Number of applied proposals.', index),
    one('etcd_server_proposals_committed_total', 'gauge', 'Number of committed proposals.', index),
    one('etcd_server_quota_backend_bytes', 'gauge', 'The quota of the database in bytes.', quota),
    labelled('etcd_server_version', 'The version of etcd, as a label.', 'server_version', VERSIONS.etcdserver),
  ];
}

function shown(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

/** A number as Go prints it. */
function printed(value: number): string {
  return value < 1e6 ? String(value) : value.toExponential().replace(/\+(\d)$/, '+0$1');
}
