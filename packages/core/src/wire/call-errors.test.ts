import { assert, suite } from '@etcdts/testing';
import { GRPC_CODES, SERVER_FAILURES, type Outcome } from '../error-codes.ts';
import { methods, type Method } from '../methods.ts';
import { serverText } from '../errors.ts';
import { hinted } from '../hints.ts';
import { deadlineError, replyError, statusError } from './call-errors.ts';

const test = suite('status to EtcdError');

const put = methods.put as Method;
const range = methods.range as Method;

// api/v3rpc/rpctypes/error.go: row of the reference, server variable without `ErrGRPC`, code, text.
const ROWS: readonly (readonly [row: string, variable: string, grpcCode: number, text: string])[] = [
  ['ER-01', 'EmptyKey', 3, 'etcdserver: key is not provided'],
  ['ER-02', 'KeyNotFound', 3, 'etcdserver: key not found'],
  ['ER-03', 'ValueProvided', 3, 'etcdserver: value is provided'],
  ['ER-04', 'LeaseProvided', 3, 'etcdserver: lease is provided'],
  ['ER-05', 'TooManyOps', 3, 'etcdserver: too many operations in txn request'],
  ['ER-06', 'DuplicateKey', 3, 'etcdserver: duplicate key given in txn request'],
  ['ER-07', 'InvalidClientAPIVersion', 3, 'etcdserver: invalid client api version'],
  ['ER-08', 'InvalidSortOption', 3, 'etcdserver: invalid sort option'],
  ['ER-09', 'Compacted', 11, 'etcdserver: mvcc: required revision has been compacted'],
  ['ER-10', 'FutureRev', 11, 'etcdserver: mvcc: required revision is a future revision'],
  ['ER-11', 'NoSpace', 8, 'etcdserver: mvcc: database space exceeded'],
  ['ER-12', 'LeaseNotFound', 5, 'etcdserver: requested lease not found'],
  ['ER-13', 'LeaseExist', 9, 'etcdserver: lease already exists'],
  ['ER-14', 'LeaseTTLTooLarge', 11, 'etcdserver: too large lease TTL'],
  ['ER-15', 'WatchCanceled', 1, 'etcdserver: watch canceled'],
  ['ER-16', 'MemberExist', 9, 'etcdserver: member ID already exist'],
  ['ER-17', 'PeerURLExist', 9, 'etcdserver: Peer URLs already exists'],
  ['ER-18', 'MemberNotEnoughStarted', 9, 'etcdserver: re-configuration failed due to not enough started members'],
  ['ER-19', 'MemberBadURLs', 3, 'etcdserver: given member URLs are invalid'],
  ['ER-20', 'MemberNotFound', 5, 'etcdserver: member not found'],
  ['ER-21', 'MemberNotLearner', 9, 'etcdserver: can only promote a learner member'],
  ['ER-22', 'LearnerNotReady', 9, 'etcdserver: can only promote a learner member which is in sync with leader'],
  ['ER-23', 'TooManyLearners', 9, 'etcdserver: too many learner members in cluster'],
  ['ER-24', 'ClusterIDMismatch', 9, 'etcdserver: cluster ID mismatch'],
  ['ER-25', 'RequestTooLarge', 3, 'etcdserver: request is too large'],
  ['ER-26', 'RequestTooManyRequests', 8, 'etcdserver: too many requests'],
  ['ER-27', 'RootUserNotExist', 9, 'etcdserver: root user does not exist'],
  ['ER-28', 'RootRoleNotExist', 9, 'etcdserver: root user does not have root role'],
  ['ER-29', 'UserAlreadyExist', 9, 'etcdserver: user name already exists'],
  ['ER-30', 'UserEmpty', 3, 'etcdserver: user name is empty'],
  ['ER-31', 'UserNotFound', 9, 'etcdserver: user name not found'],
  ['ER-32', 'RoleAlreadyExist', 9, 'etcdserver: role name already exists'],
  ['ER-33', 'RoleNotFound', 9, 'etcdserver: role name not found'],
  ['ER-34', 'RoleEmpty', 3, 'etcdserver: role name is empty'],
  ['ER-35', 'AuthFailed', 3, 'etcdserver: authentication failed, invalid user ID or password'],
  ['ER-36', 'PermissionNotGiven', 3, 'etcdserver: permission not given'],
  ['ER-37', 'PermissionDenied', 7, 'etcdserver: permission denied'],
  ['ER-38', 'RoleNotGranted', 9, 'etcdserver: role is not granted to the user'],
  ['ER-39', 'PermissionNotGranted', 9, 'etcdserver: permission is not granted to the role'],
  ['ER-40', 'AuthNotEnabled', 9, 'etcdserver: authentication is not enabled'],
  ['ER-41', 'InvalidAuthToken', 16, 'etcdserver: invalid auth token'],
  ['ER-42', 'InvalidAuthMgmt', 3, 'etcdserver: invalid auth management'],
  ['ER-43', 'AuthOldRevision', 3, 'etcdserver: revision of auth store is old'],
  ['ER-44', 'NoLeader', 14, 'etcdserver: no leader'],
  ['ER-45', 'NotLeader', 9, 'etcdserver: not leader'],
  ['ER-46', 'LeaderChanged', 14, 'etcdserver: leader changed'],
  ['ER-47', 'NotCapable', 9, 'etcdserver: not capable'],
  ['ER-48', 'Stopped', 14, 'etcdserver: server stopped'],
  ['ER-49', 'Timeout', 14, 'etcdserver: request timed out'],
  ['ER-50', 'TimeoutDueToLeaderFail', 14, 'etcdserver: request timed out, possibly due to previous leader failure'],
  ['ER-51', 'TimeoutDueToConnectionLost', 14, 'etcdserver: request timed out, possibly due to connection lost'],
  [
    'ER-52',
    'TimeoutWaitAppliedIndex',
    14,
    'etcdserver: request timed out, waiting for the applied index took too long',
  ],
  ['ER-53', 'Unhealthy', 14, 'etcdserver: unhealthy cluster'],
  ['ER-54', 'Corrupt', 15, 'etcdserver: corrupt cluster'],
  ['ER-55', 'NotSupportedForLearner', 9, 'etcdserver: rpc not supported for learner'],
  ['ER-56', 'BadLeaderTransferee', 9, 'etcdserver: bad leader transferee'],
  ['ER-57', 'WrongDowngradeVersionFormat', 3, 'etcdserver: wrong downgrade target version format'],
  ['ER-58', 'InvalidDowngradeTargetVersion', 3, 'etcdserver: invalid downgrade target version'],
  ['ER-59', 'ClusterVersionUnavailable', 9, 'etcdserver: cluster version not found during downgrade'],
  ['ER-60', 'DowngradeInProcess', 9, 'etcdserver: cluster has a downgrade job in progress'],
  ['ER-61', 'NoInflightDowngrade', 9, 'etcdserver: no inflight downgrade job'],
  ['ER-62', 'Canceled', 1, 'etcdserver: request canceled'],
  ['ER-63', 'DeadlineExceeded', 4, 'etcdserver: context deadline exceeded'],
];

// The names that differ from the variable's words.
const NAMES: Readonly<Record<string, string>> = {
  RequestTooManyRequests: 'TOO_MANY_REQUESTS',
  LearnerNotReady: 'MEMBER_LEARNER_NOT_READY',
  MemberBadURLs: 'MEMBER_BAD_URLS',
  Canceled: 'REQUEST_CANCELED',
  DeadlineExceeded: 'REQUEST_DEADLINE_EXCEEDED',
};

/** `LeaseTTLTooLarge` as `LEASE_TTL_TOO_LARGE`. */
function codeOf(variable: string): string {
  return (
    NAMES[variable] ??
    variable.replace(/([a-z])([A-Z])|([A-Z]+)([A-Z][a-z])/g, (_, a, b, c, d) => `${a ?? c}_${b ?? d}`).toUpperCase()
  );
}

// What etcd says after it has proposed the request, or may have: of all other verdicts the request was not applied.
const UNKNOWN = new Set([
  'NO_SPACE',
  'WATCH_CANCELED',
  'LEADER_CHANGED',
  'STOPPED',
  'TIMEOUT',
  'TIMEOUT_DUE_TO_LEADER_FAIL',
  'TIMEOUT_DUE_TO_CONNECTION_LOST',
  'TIMEOUT_WAIT_APPLIED_INDEX',
  'REQUEST_CANCELED',
  'REQUEST_DEADLINE_EXCEEDED',
]);

test('E-04 E-05 V-08 the table has the 63 texts of etcd, and no other', () => {
  assert.is(ROWS.length, 63);
  assert.equal(
    Object.values(SERVER_FAILURES)
      .map(([, , , text]) => text)
      .sort(),
    ROWS.map(([, , , text]) => text).sort(),
  );
});

for (const [row, variable, grpcCode, text] of ROWS) {
  test(`E-03 V-07 ${row} E-01 "${text}" is ${codeOf(variable)}, whatever the wire code`, () => {
    for (const wire of [0, 1, 2, 5, 13, 14, 16, 999, NaN, undefined as never]) {
      for (const details of [text, `rpc error: code = Unknown desc = ${text}`]) {
        const error = statusError(put, { code: wire, details, reach: 'sent' }, 'a:1', 1);
        assert.is(error.code, codeOf(variable));
        assert.is(error.grpcCode, grpcCode);
        assert.is(error.outcome, UNKNOWN.has(error.code) ? 'unknown' : 'not-applied');
        assert.is(error.message, `${error.code}: ${hinted(error.code, details)}`);
      }
    }
    assert.is(statusError(range, { code: 14, details: text, reach: 'sent' }, 'a:1', 1).outcome, 'not-applied');
  });
}

test('the text of some verdicts goes on with what the user can do', () => {
  for (const [details, hint] of [
    ['etcdserver: user name is empty', /; authentication is enabled: attach auth\(\) of @etcdts\/auth to the client$/],
    ['etcdserver: request is too large', /; the limit is the server's flag --max-request-bytes$/],
    ['grpc: received message larger than max (5 vs. 4)', /; the limit is the server's flag --max-request-bytes$/],
    ['etcdserver: too many operations in txn request', /; the limit is the server's flag --max-txn-ops$/],
    ['etcdserver: key not found', /key not found$/],
  ] as const) {
    assert.match(statusError(put, { code: 3, details, reach: 'sent' }, 'a:1', 1).message, hint);
  }
  const tooLarge = { code: 8, details: 'too large', reach: 'sent', tooLarge: true } as const;
  assert.match(statusError(range, tooLarge, 'a:1', 1).message, /; the limit is maxReceiveBytes; kv\.pages reads/);
});

const outcomes: readonly (readonly [
  code: number,
  details: string,
  reach: 'unsent' | 'refused' | 'sent',
  name: string,
  outcome: Outcome,
])[] = [
  [14, 'No connection established. Last error: connect ECONNREFUSED', 'unsent', 'UNAVAILABLE', 'not-applied'],
  [14, 'Stream refused by server', 'refused', 'UNAVAILABLE', 'not-applied'],
  [14, 'read ECONNRESET', 'sent', 'UNAVAILABLE', 'unknown'],
  [14, 'Connection dropped', 'sent', 'UNAVAILABLE', 'unknown'],
  [14, 'etcdserver: something new', 'sent', 'UNAVAILABLE', 'unknown'],
  [14, ' etcdserver: no leader', 'sent', 'UNAVAILABLE', 'unknown'],
  [8, 'Bandwidth exhausted or memory limit exceeded', 'sent', 'RESOURCE_EXHAUSTED', 'unknown'],
  [8, 'Received message larger than max (9 vs 4)', 'sent', 'RESOURCE_EXHAUSTED', 'unknown'],
  [3, 'grpc: received message larger than max (9 vs. 4)', 'sent', 'REQUEST_TOO_LARGE', 'not-applied'],
  [12, 'unknown method X for service Y', 'sent', 'UNIMPLEMENTED', 'not-applied'],
  [12, 'unknown service Y', 'sent', 'UNIMPLEMENTED', 'not-applied'],
  [12, 'No message received', 'sent', 'UNIMPLEMENTED', 'unknown'],
  [16, 'a proxy says no', 'sent', 'UNAUTHENTICATED', 'unknown'],
  [7, 'a proxy says no', 'sent', 'PERMISSION_DENIED', 'unknown'],
  [1, '', 'sent', 'CANCELLED', 'unknown'],
  [2, '', 'sent', 'UNKNOWN', 'unknown'],
  [4, '', 'sent', 'DEADLINE_EXCEEDED', 'unknown'],
  [13, '', 'sent', 'INTERNAL', 'unknown'],
];
for (const [code, details, reach, name, outcome] of outcomes) {
  test(`H3 ${code} ${JSON.stringify(details)}, ${reach}: ${outcome} for a write`, () => {
    const error = statusError(put, { code, details, reach }, 'a:1', 2);
    assert.equal(
      {
        code: error.code,
        grpcCode: error.grpcCode,
        outcome: error.outcome,
        method: error.method,
        endpoint: error.endpoint,
        attempts: error.attempts,
      },
      { code: name, grpcCode: code, outcome, method: 'KV.Put', endpoint: 'a:1', attempts: 2 },
    );
    assert.is(statusError(range, { code, details, reach }, 'a:1', 2).outcome, 'not-applied');
  });
}

test('a reply that the connection refused for its size is RESPONSE_TOO_LARGE, and unknown for a write', () => {
  const status = {
    code: 8,
    details: 'Received message larger than max (9 vs 4)',
    reach: 'sent',
    tooLarge: true,
  } as const;
  const of = (method: Method): unknown[] => {
    const { code, grpcCode, outcome } = statusError(method, status, 'a:1', 1);
    return [code, grpcCode, outcome];
  };
  assert.equal(of(put), ['RESPONSE_TOO_LARGE', 8, 'unknown']);
  assert.equal(of(range), ['RESPONSE_TOO_LARGE', 8, 'not-applied']);
});

test('the words of a gRPC server about a message that is too large mean a response if the call is a stream', () => {
  const status = { code: 8, details: 'grpc: received message larger than max (9 vs. 4)', reach: 'sent' } as const;
  assert.is(statusError(methods.watch as Method, status, 'a:1', 1).code, 'RESPONSE_TOO_LARGE');
  assert.is(statusError(range, status, 'a:1', 1).code, 'REQUEST_TOO_LARGE');
});

test('every code of gRPC keeps its name and number', () => {
  for (const [code, name] of GRPC_CODES.entries()) {
    if (code === 0) continue;
    const error = statusError(put, { code, details: 'x', reach: 'sent' }, undefined, 1);
    assert.is(error.code, name);
    assert.is(error.grpcCode, code);
  }
});

test('H3 a code that gRPC does not have is UNKNOWN, and unknown', () => {
  for (const code of [NaN, -1, 17, 999, 2.5, Infinity, undefined, null, '14']) {
    const error = statusError(put, { code: code as number, details: 'x', reach: 'sent' }, undefined, 1);
    assert.is(error.code === 'UNKNOWN' || code === '14', true);
    assert.ok(Number.isInteger(error.grpcCode) && error.grpcCode > 0 && error.grpcCode <= 16);
    assert.is(error.outcome, 'unknown');
  }
});

test('a text of etcd on a call that never left is not believed', () => {
  assert.is(
    statusError(put, { code: 14, details: 'etcdserver: request timed out', reach: 'unsent' }, undefined, 1).code,
    'UNAVAILABLE',
  );
});

test("a server's text is cut to 1 KiB and has no control characters", () => {
  assert.is(serverText('a\r\n\u001b[31mb\u0000\u009bc\u007f'), 'a [31mb c ');
  assert.is(serverText('x'.repeat(5_000)).length, 1_025);
  assert.is(serverText('aé€😀'), 'aé€😀');
  assert.is(
    statusError(put, { code: 2, details: '', reach: 'sent' }, undefined, 1).message,
    'UNKNOWN: no reason given',
  );
});

test("the auth store's own texts, which some versions send as they are, are the verdicts that they stand for", () => {
  for (const [details, code] of [
    ['auth: invalid auth token', 'INVALID_AUTH_TOKEN'],
    ['rpc error: code = Unknown desc = auth: revision in header is old', 'AUTH_OLD_REVISION'],
    ['auth: user name is empty', 'USER_EMPTY'],
    ['auth: permission denied', 'PERMISSION_DENIED'],
    ['auth: authentication failed, password was given for no password user', 'AUTH_FAILED'],
  ] as const) {
    assert.is(statusError(put, { code: 2, details, reach: 'sent' }, undefined, 1).code, code);
  }
});

test('the text of two lines is not taken for a verdict', () => {
  const error = statusError(put, { code: 14, details: 'x\netcdserver: no leader', reach: 'sent' }, undefined, 1);
  assert.is(error.code, 'UNAVAILABLE');
});

test('a reply that cannot be understood, and a deadline, are unknown for a write that was sent', () => {
  assert.is(replyError(put, 'x', undefined, 1).outcome, 'unknown');
  assert.is(replyError(range, 'x', undefined, 1).outcome, 'not-applied');
  assert.is(deadlineError(put, true, undefined, 1).outcome, 'unknown');
  assert.is(deadlineError(put, false, undefined, 0).outcome, 'not-applied');
  assert.is(deadlineError(range, true, undefined, 1).outcome, 'not-applied');
});

test.run();
