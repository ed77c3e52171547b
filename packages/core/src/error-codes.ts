// Data: etcd's error texts, their codes and what each says of a write. Ported by name from etcd's
// api/v3rpc/rpctypes/error.go, all 63. The text decides, not the wire code, which differs between minor versions.

/** What is known of a failed request's effect on etcd. */
export type Outcome = 'not-applied' | 'unknown';

/** One row of etcd's table: the code we give it, its gRPC code, and what it says of a write. */
export type ServerError = readonly [code: EtcdServerCode, grpcCode: number, outcome: Outcome];

/** etcd's own verdicts: the names of rpctypes without `Err`. */
export type EtcdServerCode =
  | 'EMPTY_KEY'
  | 'KEY_NOT_FOUND'
  | 'VALUE_PROVIDED'
  | 'LEASE_PROVIDED'
  | 'TOO_MANY_OPS'
  | 'DUPLICATE_KEY'
  | 'INVALID_CLIENT_API_VERSION'
  | 'INVALID_SORT_OPTION'
  | 'COMPACTED'
  | 'FUTURE_REV'
  | 'NO_SPACE'
  | 'LEASE_NOT_FOUND'
  | 'LEASE_EXIST'
  | 'LEASE_TTL_TOO_LARGE'
  | 'WATCH_CANCELED'
  | 'MEMBER_EXIST'
  | 'PEER_URL_EXIST'
  | 'MEMBER_NOT_ENOUGH_STARTED'
  | 'MEMBER_BAD_URLS'
  | 'MEMBER_NOT_FOUND'
  | 'MEMBER_NOT_LEARNER'
  | 'MEMBER_LEARNER_NOT_READY'
  | 'TOO_MANY_LEARNERS'
  | 'CLUSTER_ID_MISMATCH'
  | 'REQUEST_TOO_LARGE'
  | 'TOO_MANY_REQUESTS'
  | 'ROOT_USER_NOT_EXIST'
  | 'ROOT_ROLE_NOT_EXIST'
  | 'USER_ALREADY_EXIST'
  | 'USER_EMPTY'
  | 'USER_NOT_FOUND'
  | 'ROLE_ALREADY_EXIST'
  | 'ROLE_NOT_FOUND'
  | 'ROLE_EMPTY'
  | 'AUTH_FAILED'
  | 'PERMISSION_NOT_GIVEN'
  | 'PERMISSION_DENIED'
  | 'ROLE_NOT_GRANTED'
  | 'PERMISSION_NOT_GRANTED'
  | 'AUTH_NOT_ENABLED'
  | 'INVALID_AUTH_TOKEN'
  | 'INVALID_AUTH_MGMT'
  | 'AUTH_OLD_REVISION'
  | 'NO_LEADER'
  | 'NOT_LEADER'
  | 'LEADER_CHANGED'
  | 'NOT_CAPABLE'
  | 'STOPPED'
  | 'TIMEOUT'
  | 'TIMEOUT_DUE_TO_LEADER_FAIL'
  | 'TIMEOUT_DUE_TO_CONNECTION_LOST'
  | 'TIMEOUT_WAIT_APPLIED_INDEX'
  | 'UNHEALTHY'
  | 'CORRUPT'
  | 'NOT_SUPPORTED_FOR_LEARNER'
  | 'BAD_LEADER_TRANSFEREE'
  | 'WRONG_DOWNGRADE_VERSION_FORMAT'
  | 'INVALID_DOWNGRADE_TARGET_VERSION'
  | 'CLUSTER_VERSION_UNAVAILABLE'
  | 'DOWNGRADE_IN_PROCESS'
  | 'NO_INFLIGHT_DOWNGRADE'
  | 'REQUEST_CANCELED'
  | 'REQUEST_DEADLINE_EXCEEDED';

/** gRPC's status codes by number: what remains when etcd gave no verdict of its own. */
export const GRPC_CODES = [
  'OK',
  'CANCELLED',
  'UNKNOWN',
  'INVALID_ARGUMENT',
  'DEADLINE_EXCEEDED',
  'NOT_FOUND',
  'ALREADY_EXISTS',
  'PERMISSION_DENIED',
  'RESOURCE_EXHAUSTED',
  'FAILED_PRECONDITION',
  'ABORTED',
  'OUT_OF_RANGE',
  'UNIMPLEMENTED',
  'INTERNAL',
  'UNAVAILABLE',
  'DATA_LOSS',
  'UNAUTHENTICATED',
] as const;

/** A gRPC status code by name. */
export type GrpcCode = Exclude<(typeof GRPC_CODES)[number], 'OK'>;

/**
 * Verdicts of this client, never of a server: closed client, a watch whose cluster was reset, a lease that is lost, a
 * cluster that is too old, an operation that a namespace cannot scope, a secret that would go over plain HTTP.
 */
export type ClientCode =
  | 'CLIENT_CLOSED'
  | 'CLUSTER_RESET'
  | 'LEASE_LOST'
  | 'OLD_CLUSTER'
  | 'NAMESPACE_VIOLATION'
  | 'INSECURE_ENDPOINT'
  | 'NO_AVAILABLE_ENDPOINTS';

/** Every code that an EtcdError can carry: a closed union, made for `switch`. */
export type EtcdErrorCode = EtcdServerCode | GrpcCode | ClientCode;

// 'unknown' marks the verdicts that etcd gives after it has proposed the request to the cluster. NO_SPACE is one of them:
// writes that are under way when the quota is crossed are applied and then answered so (server/etcdserver/apply/quota.go).
const ROWS: readonly (readonly [...ServerError, text: string])[] = [
  ['EMPTY_KEY', 3, 'not-applied', 'etcdserver: key is not provided'],
  ['KEY_NOT_FOUND', 3, 'not-applied', 'etcdserver: key not found'],
  ['VALUE_PROVIDED', 3, 'not-applied', 'etcdserver: value is provided'],
  ['LEASE_PROVIDED', 3, 'not-applied', 'etcdserver: lease is provided'],
  ['TOO_MANY_OPS', 3, 'not-applied', 'etcdserver: too many operations in txn request'],
  ['DUPLICATE_KEY', 3, 'not-applied', 'etcdserver: duplicate key given in txn request'],
  ['INVALID_CLIENT_API_VERSION', 3, 'not-applied', 'etcdserver: invalid client api version'],
  ['INVALID_SORT_OPTION', 3, 'not-applied', 'etcdserver: invalid sort option'],
  ['COMPACTED', 11, 'not-applied', 'etcdserver: mvcc: required revision has been compacted'],
  ['FUTURE_REV', 11, 'not-applied', 'etcdserver: mvcc: required revision is a future revision'],
  ['NO_SPACE', 8, 'unknown', 'etcdserver: mvcc: database space exceeded'],
  ['LEASE_NOT_FOUND', 5, 'not-applied', 'etcdserver: requested lease not found'],
  ['LEASE_EXIST', 9, 'not-applied', 'etcdserver: lease already exists'],
  ['LEASE_TTL_TOO_LARGE', 11, 'not-applied', 'etcdserver: too large lease TTL'],
  ['WATCH_CANCELED', 1, 'unknown', 'etcdserver: watch canceled'],
  ['MEMBER_EXIST', 9, 'not-applied', 'etcdserver: member ID already exist'],
  ['PEER_URL_EXIST', 9, 'not-applied', 'etcdserver: Peer URLs already exists'],
  [
    'MEMBER_NOT_ENOUGH_STARTED',
    9,
    'not-applied',
    'etcdserver: re-configuration failed due to not enough started members',
  ],
  ['MEMBER_BAD_URLS', 3, 'not-applied', 'etcdserver: given member URLs are invalid'],
  ['MEMBER_NOT_FOUND', 5, 'not-applied', 'etcdserver: member not found'],
  ['MEMBER_NOT_LEARNER', 9, 'not-applied', 'etcdserver: can only promote a learner member'],
  [
    'MEMBER_LEARNER_NOT_READY',
    9,
    'not-applied',
    'etcdserver: can only promote a learner member which is in sync with leader',
  ],
  ['TOO_MANY_LEARNERS', 9, 'not-applied', 'etcdserver: too many learner members in cluster'],
  ['CLUSTER_ID_MISMATCH', 9, 'not-applied', 'etcdserver: cluster ID mismatch'],
  ['REQUEST_TOO_LARGE', 3, 'not-applied', 'etcdserver: request is too large'],
  ['TOO_MANY_REQUESTS', 8, 'not-applied', 'etcdserver: too many requests'],
  ['ROOT_USER_NOT_EXIST', 9, 'not-applied', 'etcdserver: root user does not exist'],
  ['ROOT_ROLE_NOT_EXIST', 9, 'not-applied', 'etcdserver: root user does not have root role'],
  ['USER_ALREADY_EXIST', 9, 'not-applied', 'etcdserver: user name already exists'],
  ['USER_EMPTY', 3, 'not-applied', 'etcdserver: user name is empty'],
  ['USER_NOT_FOUND', 9, 'not-applied', 'etcdserver: user name not found'],
  ['ROLE_ALREADY_EXIST', 9, 'not-applied', 'etcdserver: role name already exists'],
  ['ROLE_NOT_FOUND', 9, 'not-applied', 'etcdserver: role name not found'],
  ['ROLE_EMPTY', 3, 'not-applied', 'etcdserver: role name is empty'],
  ['AUTH_FAILED', 3, 'not-applied', 'etcdserver: authentication failed, invalid user ID or password'],
  ['PERMISSION_NOT_GIVEN', 3, 'not-applied', 'etcdserver: permission not given'],
  ['PERMISSION_DENIED', 7, 'not-applied', 'etcdserver: permission denied'],
  ['ROLE_NOT_GRANTED', 9, 'not-applied', 'etcdserver: role is not granted to the user'],
  ['PERMISSION_NOT_GRANTED', 9, 'not-applied', 'etcdserver: permission is not granted to the role'],
  ['AUTH_NOT_ENABLED', 9, 'not-applied', 'etcdserver: authentication is not enabled'],
  ['INVALID_AUTH_TOKEN', 16, 'not-applied', 'etcdserver: invalid auth token'],
  ['INVALID_AUTH_MGMT', 3, 'not-applied', 'etcdserver: invalid auth management'],
  ['AUTH_OLD_REVISION', 3, 'not-applied', 'etcdserver: revision of auth store is old'],
  ['NO_LEADER', 14, 'not-applied', 'etcdserver: no leader'],
  ['NOT_LEADER', 9, 'not-applied', 'etcdserver: not leader'],
  ['LEADER_CHANGED', 14, 'unknown', 'etcdserver: leader changed'],
  ['NOT_CAPABLE', 9, 'not-applied', 'etcdserver: not capable'],
  ['STOPPED', 14, 'unknown', 'etcdserver: server stopped'],
  ['TIMEOUT', 14, 'unknown', 'etcdserver: request timed out'],
  [
    'TIMEOUT_DUE_TO_LEADER_FAIL',
    14,
    'unknown',
    'etcdserver: request timed out, possibly due to previous leader failure',
  ],
  ['TIMEOUT_DUE_TO_CONNECTION_LOST', 14, 'unknown', 'etcdserver: request timed out, possibly due to connection lost'],
  [
    'TIMEOUT_WAIT_APPLIED_INDEX',
    14,
    'unknown',
    'etcdserver: request timed out, waiting for the applied index took too long',
  ],
  ['UNHEALTHY', 14, 'not-applied', 'etcdserver: unhealthy cluster'],
  ['CORRUPT', 15, 'not-applied', 'etcdserver: corrupt cluster'],
  ['NOT_SUPPORTED_FOR_LEARNER', 9, 'not-applied', 'etcdserver: rpc not supported for learner'],
  ['BAD_LEADER_TRANSFEREE', 9, 'not-applied', 'etcdserver: bad leader transferee'],
  ['WRONG_DOWNGRADE_VERSION_FORMAT', 3, 'not-applied', 'etcdserver: wrong downgrade target version format'],
  ['INVALID_DOWNGRADE_TARGET_VERSION', 3, 'not-applied', 'etcdserver: invalid downgrade target version'],
  ['CLUSTER_VERSION_UNAVAILABLE', 9, 'not-applied', 'etcdserver: cluster version not found during downgrade'],
  ['DOWNGRADE_IN_PROCESS', 9, 'not-applied', 'etcdserver: cluster has a downgrade job in progress'],
  ['NO_INFLIGHT_DOWNGRADE', 9, 'not-applied', 'etcdserver: no inflight downgrade job'],
  ['REQUEST_CANCELED', 1, 'unknown', 'etcdserver: request canceled'],
  ['REQUEST_DEADLINE_EXCEEDED', 4, 'unknown', 'etcdserver: context deadline exceeded'],
];

const BY_TEXT: ReadonlyMap<string, ServerError> = new Map(
  ROWS.map(([code, grpc, outcome, text]) => [text, [code, grpc, outcome]]),
);

// What etcd's auth store calls them, which before 3.6 reached clients as it was where an RPC is a stream, as Snapshot.
const RAW: ReadonlyMap<string, string> = new Map([
  ['auth: invalid auth token', 'etcdserver: invalid auth token'],
  ['auth: revision in header is old', 'etcdserver: revision of auth store is old'],
  ['auth: user name is empty', 'etcdserver: user name is empty'],
  ['auth: permission denied', 'etcdserver: permission denied'],
]);

/** Finds etcd's verdict by its text, also where a proxy or a cancel reason wrapped it in gRPC's own. */
export function serverError(text: string): ServerError | undefined {
  const plain = BY_TEXT.get(RAW.get(text) ?? text);
  if (plain !== undefined) return plain;
  const wrapped = /^rpc error: code = \w+ desc = (.*)$/s.exec(text);
  return wrapped ? serverError(wrapped[1] as string) : undefined;
}

/** Every row of the table, for tests and documentation. */
export function serverErrorTexts(): readonly string[] {
  return ROWS.map((row) => row[3]);
}
