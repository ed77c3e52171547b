// Data: etcd's verdicts by the names that clients give them (rpctypes without `Err`), with gRPC code and text.

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

/** gRPC's status codes by number. */
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

/** A verdict of etcd's by name, such as `LEASE_NOT_FOUND`. */
export type Verdict =
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
  | 'PEER_URL_EXIST'
  | 'MEMBER_BAD_URLS'
  | 'MEMBER_NOT_FOUND'
  | 'MEMBER_NOT_LEARNER'
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
  | 'UNHEALTHY'
  | 'CORRUPT'
  | 'BAD_LEADER_TRANSFEREE'
  | 'WRONG_DOWNGRADE_VERSION_FORMAT'
  | 'INVALID_DOWNGRADE_TARGET_VERSION'
  | 'DOWNGRADE_IN_PROCESS';

const VERDICTS: Readonly<Record<Verdict, readonly [code: number, text: string]>> = {
  EMPTY_KEY: [3, 'etcdserver: key is not provided'],
  KEY_NOT_FOUND: [3, 'etcdserver: key not found'],
  VALUE_PROVIDED: [3, 'etcdserver: value is provided'],
  LEASE_PROVIDED: [3, 'etcdserver: lease is provided'],
  TOO_MANY_OPS: [3, 'etcdserver: too many operations in txn request'],
  DUPLICATE_KEY: [3, 'etcdserver: duplicate key given in txn request'],
  INVALID_CLIENT_API_VERSION: [3, 'etcdserver: invalid client api version'],
  INVALID_SORT_OPTION: [3, 'etcdserver: invalid sort option'],
  COMPACTED: [11, 'etcdserver: mvcc: required revision has been compacted'],
  FUTURE_REV: [11, 'etcdserver: mvcc: required revision is a future revision'],
  NO_SPACE: [8, 'etcdserver: mvcc: database space exceeded'],
  LEASE_NOT_FOUND: [5, 'etcdserver: requested lease not found'],
  LEASE_EXIST: [9, 'etcdserver: lease already exists'],
  LEASE_TTL_TOO_LARGE: [11, 'etcdserver: too large lease TTL'],
  PEER_URL_EXIST: [9, 'etcdserver: Peer URLs already exists'],
  MEMBER_BAD_URLS: [3, 'etcdserver: given member URLs are invalid'],
  MEMBER_NOT_FOUND: [5, 'etcdserver: member not found'],
  MEMBER_NOT_LEARNER: [9, 'etcdserver: can only promote a learner member'],
  REQUEST_TOO_LARGE: [3, 'etcdserver: request is too large'],
  TOO_MANY_REQUESTS: [8, 'etcdserver: too many requests'],
  ROOT_USER_NOT_EXIST: [9, 'etcdserver: root user does not exist'],
  ROOT_ROLE_NOT_EXIST: [9, 'etcdserver: root user does not have root role'],
  USER_ALREADY_EXIST: [9, 'etcdserver: user name already exists'],
  USER_EMPTY: [3, 'etcdserver: user name is empty'],
  USER_NOT_FOUND: [9, 'etcdserver: user name not found'],
  ROLE_ALREADY_EXIST: [9, 'etcdserver: role name already exists'],
  ROLE_NOT_FOUND: [9, 'etcdserver: role name not found'],
  ROLE_EMPTY: [3, 'etcdserver: role name is empty'],
  AUTH_FAILED: [3, 'etcdserver: authentication failed, invalid user ID or password'],
  PERMISSION_NOT_GIVEN: [3, 'etcdserver: permission not given'],
  PERMISSION_DENIED: [7, 'etcdserver: permission denied'],
  ROLE_NOT_GRANTED: [9, 'etcdserver: role is not granted to the user'],
  PERMISSION_NOT_GRANTED: [9, 'etcdserver: permission is not granted to the role'],
  AUTH_NOT_ENABLED: [9, 'etcdserver: authentication is not enabled'],
  INVALID_AUTH_TOKEN: [16, 'etcdserver: invalid auth token'],
  INVALID_AUTH_MGMT: [3, 'etcdserver: invalid auth management'],
  AUTH_OLD_REVISION: [3, 'etcdserver: revision of auth store is old'],
  NO_LEADER: [14, 'etcdserver: no leader'],
  NOT_LEADER: [9, 'etcdserver: not leader'],
  LEADER_CHANGED: [14, 'etcdserver: leader changed'],
  NOT_CAPABLE: [9, 'etcdserver: not capable'],
  STOPPED: [14, 'etcdserver: server stopped'],
  TIMEOUT: [14, 'etcdserver: request timed out'],
  TIMEOUT_DUE_TO_LEADER_FAIL: [14, 'etcdserver: request timed out, possibly due to previous leader failure'],
  TIMEOUT_DUE_TO_CONNECTION_LOST: [14, 'etcdserver: request timed out, possibly due to connection lost'],
  UNHEALTHY: [14, 'etcdserver: unhealthy cluster'],
  CORRUPT: [15, 'etcdserver: corrupt cluster'],
  BAD_LEADER_TRANSFEREE: [9, 'etcdserver: bad leader transferee'],
  WRONG_DOWNGRADE_VERSION_FORMAT: [3, 'etcdserver: wrong downgrade target version format'],
  INVALID_DOWNGRADE_TARGET_VERSION: [3, 'etcdserver: invalid downgrade target version'],
  DOWNGRADE_IN_PROCESS: [9, 'etcdserver: cluster has a downgrade job in progress'],
};

/** The failure of an RPC: a gRPC code and the text that etcd sends with it. */
export class StatusError extends Error {
  readonly code: number;

  constructor(code: number, details: string) {
    super(details);
    this.code = code;
  }
}

/** Makes the error of one of etcd's verdicts. */
export function verdict(name: Verdict): StatusError {
  const [code, text] = VERDICTS[name];
  return new StatusError(code, text);
}

/** Makes an error with a gRPC code and no verdict of etcd's. */
export function status(code: GrpcCode, details: string): StatusError {
  return new StatusError(GRPC_CODES.indexOf(code), details);
}

/** Makes an error from the name of a verdict or of a gRPC code. A name that is both means etcd's verdict. */
export function statusByName(name: Verdict | GrpcCode, details: string | undefined): StatusError {
  const [code, text] = isVerdict(name) ? VERDICTS[name] : [GRPC_CODES.indexOf(name), name];
  if (code < 1) throw new TypeError(`fail: there is no code ${name}`);
  return new StatusError(code, details ?? text);
}

function isVerdict(name: string): name is Verdict {
  return Object.hasOwn(VERDICTS, name);
}

/** An error as Go prints it. etcd sends this text when it cancels a watch. */
export function goText({ code, message }: StatusError): string {
  const name = GRPC_CODES[code] ?? 'UNKNOWN';
  const words = name.toLowerCase().split('_');
  return `rpc error: code = ${words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('')} desc = ${message}`;
}
