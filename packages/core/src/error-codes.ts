// Data: every code of an EtcdError, and what each permits. Only this table decides that: watches, leases, the picker, retries and
// authentication read it through failures.ts and have no sets of codes of their own.

/** The effect of a failed request on etcd: `'not-applied'` only if that is proven. */
export type Outcome = 'not-applied' | 'unknown';

/**
 * What may turn a failure into an answer.
 *
 * `none`: nothing that the client can do; another attempt fails in the same way. `again`: another attempt, anywhere, because the
 * connection or the whole cluster failed. `elsewhere`: another attempt at another member, if there is one, because this member
 * failed. `later`: another attempt, but never at once. `token`: another attempt with a new token.
 */
export type Remedy = 'none' | 'again' | 'elsewhere' | 'later' | 'token';

/** One row of the table: the gRPC status of the code, the outcome of a write (a read is never applied), and the remedy. */
export type FailureRow = readonly [grpcCode: GrpcCode, outcome: Outcome, remedy: Remedy];

/** A row with etcd's text. `here: 'never'` means that the member that gave this verdict gives it to every such request. */
export type ServerRow = readonly [...FailureRow, text: string, here?: 'never'];

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

/** A gRPC status code by name. */
export type GrpcCode =
  | 'CANCELLED'
  | 'UNKNOWN'
  | 'INVALID_ARGUMENT'
  | 'DEADLINE_EXCEEDED'
  | 'NOT_FOUND'
  | 'ALREADY_EXISTS'
  | 'PERMISSION_DENIED'
  | 'RESOURCE_EXHAUSTED'
  | 'FAILED_PRECONDITION'
  | 'ABORTED'
  | 'OUT_OF_RANGE'
  | 'UNIMPLEMENTED'
  | 'INTERNAL'
  | 'UNAVAILABLE'
  | 'DATA_LOSS'
  | 'UNAUTHENTICATED';

/** gRPC's status codes by number. They are used if etcd gave no verdict of its own. */
export const GRPC_CODES: readonly ('OK' | GrpcCode)[] = [
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
];

/** Verdicts of this client and of the packages above it, never of a server. `docs/errors.md` explains each one. */
export type ClientCode =
  | 'CLIENT_CLOSED'
  | 'CLUSTER_RESET'
  | 'LEASE_LOST'
  | 'OLD_CLUSTER'
  | 'NAMESPACE_VIOLATION'
  | 'INSECURE_ENDPOINT'
  | 'NO_AVAILABLE_ENDPOINTS'
  | 'TLS_FAILED'
  | 'RESPONSE_TOO_LARGE'
  | 'SESSION_ENDED'
  | 'LOCK_LOST'
  | 'ELECTION_NOT_LEADER'
  | 'ELECTION_NO_LEADER'
  | 'TRANSACTION_CONFLICT'
  | 'NO_GREATER_REVISION'
  | 'CACHE_NOT_READY'
  | 'KEY_EXISTS'
  | 'TOO_MANY_CLIENTS';

/** Every code that an EtcdError can carry: a closed union, made for `switch`. */
export type EtcdErrorCode = EtcdServerCode | GrpcCode | ClientCode;

/**
 * etcd's verdicts: all 63 of api/v3rpc/rpctypes/error.go, by name. The text identifies a verdict. The status on the wire does
 * not, because it differs between minor versions.
 *
 * Outcome `unknown` marks the verdicts that etcd gives after it has proposed the request to the cluster. NO_SPACE is one of
 * them: etcd applies the writes that are under way when the quota is exceeded, and then answers with it
 * (server/etcdserver/apply/quota.go).
 *
 * NOT_CAPABLE is about one member and lasts: the member is too old for the cluster's version (server/etcdserver/api/
 * capability.go). CLUSTER_VERSION_UNAVAILABLE is about the whole cluster and passes: a member gives it after a linearizable
 * read, before the first leader has decided on a version (server/etcdserver/v3_server.go `downgradeValidate`). NOT_LEADER is
 * about one member and passes. WATCH_CANCELED ends the streams of a member that has lost its leader (v3rpc/watch.go).
 */
export const SERVER_FAILURES: Readonly<Record<EtcdServerCode, ServerRow>> = {
  EMPTY_KEY: ['INVALID_ARGUMENT', 'not-applied', 'none', 'etcdserver: key is not provided'],
  KEY_NOT_FOUND: ['INVALID_ARGUMENT', 'not-applied', 'none', 'etcdserver: key not found'],
  VALUE_PROVIDED: ['INVALID_ARGUMENT', 'not-applied', 'none', 'etcdserver: value is provided'],
  LEASE_PROVIDED: ['INVALID_ARGUMENT', 'not-applied', 'none', 'etcdserver: lease is provided'],
  TOO_MANY_OPS: ['INVALID_ARGUMENT', 'not-applied', 'none', 'etcdserver: too many operations in txn request'],
  DUPLICATE_KEY: ['INVALID_ARGUMENT', 'not-applied', 'none', 'etcdserver: duplicate key given in txn request'],
  INVALID_CLIENT_API_VERSION: ['INVALID_ARGUMENT', 'not-applied', 'none', 'etcdserver: invalid client api version'],
  INVALID_SORT_OPTION: ['INVALID_ARGUMENT', 'not-applied', 'none', 'etcdserver: invalid sort option'],
  COMPACTED: ['OUT_OF_RANGE', 'not-applied', 'none', 'etcdserver: mvcc: required revision has been compacted'],
  FUTURE_REV: ['OUT_OF_RANGE', 'not-applied', 'none', 'etcdserver: mvcc: required revision is a future revision'],
  NO_SPACE: ['RESOURCE_EXHAUSTED', 'unknown', 'none', 'etcdserver: mvcc: database space exceeded'],
  LEASE_NOT_FOUND: ['NOT_FOUND', 'not-applied', 'none', 'etcdserver: requested lease not found'],
  LEASE_EXIST: ['FAILED_PRECONDITION', 'not-applied', 'none', 'etcdserver: lease already exists'],
  LEASE_TTL_TOO_LARGE: ['OUT_OF_RANGE', 'not-applied', 'none', 'etcdserver: too large lease TTL'],
  WATCH_CANCELED: ['CANCELLED', 'unknown', 'elsewhere', 'etcdserver: watch canceled'],
  MEMBER_EXIST: ['FAILED_PRECONDITION', 'not-applied', 'none', 'etcdserver: member ID already exist'],
  PEER_URL_EXIST: ['FAILED_PRECONDITION', 'not-applied', 'none', 'etcdserver: Peer URLs already exists'],
  MEMBER_NOT_ENOUGH_STARTED: [
    'FAILED_PRECONDITION',
    'not-applied',
    'none',
    'etcdserver: re-configuration failed due to not enough started members',
  ],
  MEMBER_BAD_URLS: ['INVALID_ARGUMENT', 'not-applied', 'none', 'etcdserver: given member URLs are invalid'],
  MEMBER_NOT_FOUND: ['NOT_FOUND', 'not-applied', 'none', 'etcdserver: member not found'],
  MEMBER_NOT_LEARNER: ['FAILED_PRECONDITION', 'not-applied', 'none', 'etcdserver: can only promote a learner member'],
  MEMBER_LEARNER_NOT_READY: [
    'FAILED_PRECONDITION',
    'not-applied',
    'none',
    'etcdserver: can only promote a learner member which is in sync with leader',
  ],
  TOO_MANY_LEARNERS: ['FAILED_PRECONDITION', 'not-applied', 'none', 'etcdserver: too many learner members in cluster'],
  CLUSTER_ID_MISMATCH: ['FAILED_PRECONDITION', 'not-applied', 'none', 'etcdserver: cluster ID mismatch'],
  REQUEST_TOO_LARGE: ['INVALID_ARGUMENT', 'not-applied', 'none', 'etcdserver: request is too large'],
  TOO_MANY_REQUESTS: ['RESOURCE_EXHAUSTED', 'not-applied', 'later', 'etcdserver: too many requests'],
  ROOT_USER_NOT_EXIST: ['FAILED_PRECONDITION', 'not-applied', 'none', 'etcdserver: root user does not exist'],
  ROOT_ROLE_NOT_EXIST: ['FAILED_PRECONDITION', 'not-applied', 'none', 'etcdserver: root user does not have root role'],
  USER_ALREADY_EXIST: ['FAILED_PRECONDITION', 'not-applied', 'none', 'etcdserver: user name already exists'],
  USER_EMPTY: ['INVALID_ARGUMENT', 'not-applied', 'token', 'etcdserver: user name is empty'],
  USER_NOT_FOUND: ['FAILED_PRECONDITION', 'not-applied', 'none', 'etcdserver: user name not found'],
  ROLE_ALREADY_EXIST: ['FAILED_PRECONDITION', 'not-applied', 'none', 'etcdserver: role name already exists'],
  ROLE_NOT_FOUND: ['FAILED_PRECONDITION', 'not-applied', 'none', 'etcdserver: role name not found'],
  ROLE_EMPTY: ['INVALID_ARGUMENT', 'not-applied', 'none', 'etcdserver: role name is empty'],
  AUTH_FAILED: [
    'INVALID_ARGUMENT',
    'not-applied',
    'none',
    'etcdserver: authentication failed, invalid user ID or password',
  ],
  PERMISSION_NOT_GIVEN: ['INVALID_ARGUMENT', 'not-applied', 'none', 'etcdserver: permission not given'],
  PERMISSION_DENIED: ['PERMISSION_DENIED', 'not-applied', 'none', 'etcdserver: permission denied'],
  ROLE_NOT_GRANTED: ['FAILED_PRECONDITION', 'not-applied', 'none', 'etcdserver: role is not granted to the user'],
  PERMISSION_NOT_GRANTED: [
    'FAILED_PRECONDITION',
    'not-applied',
    'none',
    'etcdserver: permission is not granted to the role',
  ],
  AUTH_NOT_ENABLED: ['FAILED_PRECONDITION', 'not-applied', 'none', 'etcdserver: authentication is not enabled'],
  INVALID_AUTH_TOKEN: ['UNAUTHENTICATED', 'not-applied', 'token', 'etcdserver: invalid auth token'],
  INVALID_AUTH_MGMT: ['INVALID_ARGUMENT', 'not-applied', 'none', 'etcdserver: invalid auth management'],
  AUTH_OLD_REVISION: ['INVALID_ARGUMENT', 'not-applied', 'token', 'etcdserver: revision of auth store is old'],
  NO_LEADER: ['UNAVAILABLE', 'not-applied', 'elsewhere', 'etcdserver: no leader'],
  NOT_LEADER: ['FAILED_PRECONDITION', 'not-applied', 'elsewhere', 'etcdserver: not leader'],
  LEADER_CHANGED: ['UNAVAILABLE', 'unknown', 'again', 'etcdserver: leader changed'],
  NOT_CAPABLE: ['FAILED_PRECONDITION', 'not-applied', 'elsewhere', 'etcdserver: not capable', 'never'],
  STOPPED: ['UNAVAILABLE', 'unknown', 'elsewhere', 'etcdserver: server stopped'],
  TIMEOUT: ['UNAVAILABLE', 'unknown', 'elsewhere', 'etcdserver: request timed out'],
  TIMEOUT_DUE_TO_LEADER_FAIL: [
    'UNAVAILABLE',
    'unknown',
    'elsewhere',
    'etcdserver: request timed out, possibly due to previous leader failure',
  ],
  TIMEOUT_DUE_TO_CONNECTION_LOST: [
    'UNAVAILABLE',
    'unknown',
    'elsewhere',
    'etcdserver: request timed out, possibly due to connection lost',
  ],
  TIMEOUT_WAIT_APPLIED_INDEX: [
    'UNAVAILABLE',
    'unknown',
    'elsewhere',
    'etcdserver: request timed out, waiting for the applied index took too long',
  ],
  UNHEALTHY: ['UNAVAILABLE', 'not-applied', 'elsewhere', 'etcdserver: unhealthy cluster'],
  CORRUPT: ['DATA_LOSS', 'not-applied', 'none', 'etcdserver: corrupt cluster'],
  NOT_SUPPORTED_FOR_LEARNER: [
    'FAILED_PRECONDITION',
    'not-applied',
    'elsewhere',
    'etcdserver: rpc not supported for learner',
    'never',
  ],
  BAD_LEADER_TRANSFEREE: ['FAILED_PRECONDITION', 'not-applied', 'none', 'etcdserver: bad leader transferee'],
  WRONG_DOWNGRADE_VERSION_FORMAT: [
    'INVALID_ARGUMENT',
    'not-applied',
    'none',
    'etcdserver: wrong downgrade target version format',
  ],
  INVALID_DOWNGRADE_TARGET_VERSION: [
    'INVALID_ARGUMENT',
    'not-applied',
    'none',
    'etcdserver: invalid downgrade target version',
  ],
  CLUSTER_VERSION_UNAVAILABLE: [
    'FAILED_PRECONDITION',
    'not-applied',
    'later',
    'etcdserver: cluster version not found during downgrade',
  ],
  DOWNGRADE_IN_PROCESS: [
    'FAILED_PRECONDITION',
    'not-applied',
    'none',
    'etcdserver: cluster has a downgrade job in progress',
  ],
  NO_INFLIGHT_DOWNGRADE: ['FAILED_PRECONDITION', 'not-applied', 'none', 'etcdserver: no inflight downgrade job'],
  REQUEST_CANCELED: ['CANCELLED', 'unknown', 'elsewhere', 'etcdserver: request canceled'],
  REQUEST_DEADLINE_EXCEEDED: ['DEADLINE_EXCEEDED', 'unknown', 'elsewhere', 'etcdserver: context deadline exceeded'],
};

/**
 * gRPC's own codes, used if etcd gave no verdict: a proxy, the connection or gRPC itself has failed the request. One name,
 * PERMISSION_DENIED, is etcd's too; the two rows differ only in the outcome.
 */
export const GRPC_FAILURES: Readonly<Record<GrpcCode, FailureRow>> = {
  CANCELLED: ['CANCELLED', 'unknown', 'again'],
  UNKNOWN: ['UNKNOWN', 'unknown', 'elsewhere'],
  INVALID_ARGUMENT: ['INVALID_ARGUMENT', 'unknown', 'none'],
  DEADLINE_EXCEEDED: ['DEADLINE_EXCEEDED', 'unknown', 'elsewhere'],
  NOT_FOUND: ['NOT_FOUND', 'unknown', 'none'],
  ALREADY_EXISTS: ['ALREADY_EXISTS', 'unknown', 'none'],
  PERMISSION_DENIED: ['PERMISSION_DENIED', 'unknown', 'none'],
  RESOURCE_EXHAUSTED: ['RESOURCE_EXHAUSTED', 'unknown', 'later'],
  FAILED_PRECONDITION: ['FAILED_PRECONDITION', 'unknown', 'none'],
  ABORTED: ['ABORTED', 'unknown', 'again'],
  OUT_OF_RANGE: ['OUT_OF_RANGE', 'unknown', 'none'],
  UNIMPLEMENTED: ['UNIMPLEMENTED', 'unknown', 'none'],
  INTERNAL: ['INTERNAL', 'unknown', 'elsewhere'],
  UNAVAILABLE: ['UNAVAILABLE', 'unknown', 'again'],
  DATA_LOSS: ['DATA_LOSS', 'unknown', 'none'],
  UNAUTHENTICATED: ['UNAUTHENTICATED', 'unknown', 'token'],
};

/** The client's own codes. The outcome is that of a failure before anything is sent, or outside of any RPC. */
export const CLIENT_FAILURES: Readonly<Record<ClientCode, FailureRow>> = {
  CLIENT_CLOSED: ['CANCELLED', 'not-applied', 'none'],
  CLUSTER_RESET: ['FAILED_PRECONDITION', 'not-applied', 'none'],
  LEASE_LOST: ['ABORTED', 'not-applied', 'none'],
  OLD_CLUSTER: ['FAILED_PRECONDITION', 'not-applied', 'none'],
  NAMESPACE_VIOLATION: ['PERMISSION_DENIED', 'not-applied', 'none'],
  INSECURE_ENDPOINT: ['FAILED_PRECONDITION', 'not-applied', 'none'],
  NO_AVAILABLE_ENDPOINTS: ['INVALID_ARGUMENT', 'not-applied', 'none'],
  TLS_FAILED: ['UNAVAILABLE', 'not-applied', 'none'],
  RESPONSE_TOO_LARGE: ['RESOURCE_EXHAUSTED', 'unknown', 'none'],
  SESSION_ENDED: ['CANCELLED', 'not-applied', 'none'],
  LOCK_LOST: ['ABORTED', 'not-applied', 'none'],
  ELECTION_NOT_LEADER: ['FAILED_PRECONDITION', 'not-applied', 'none'],
  ELECTION_NO_LEADER: ['NOT_FOUND', 'not-applied', 'none'],
  TRANSACTION_CONFLICT: ['ABORTED', 'not-applied', 'again'],
  NO_GREATER_REVISION: ['UNAVAILABLE', 'not-applied', 'later'],
  CACHE_NOT_READY: ['UNAVAILABLE', 'not-applied', 'later'],
  KEY_EXISTS: ['ALREADY_EXISTS', 'not-applied', 'none'],
  TOO_MANY_CLIENTS: ['RESOURCE_EXHAUSTED', 'not-applied', 'none'],
};
