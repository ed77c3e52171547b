import { assert, suite } from '@etcdts/testing';
import { CLIENT_FAILURES, GRPC_CODES, GRPC_FAILURES, SERVER_FAILURES, type EtcdErrorCode } from './error-codes.ts';
import { EtcdError, withFields } from './errors.ts';
import { errorCodes, grpcCodeOf, isLasting, outcomeOf, remedyOf } from './failures.ts';

const test = suite('failure table');

const REMEDIES = ['none', 'again', 'elsewhere', 'later', 'token'];

function withRemedy(remedy: string): EtcdErrorCode[] {
  return errorCodes()
    .filter((code) => remedyOf(code) === remedy)
    .sort();
}

test('E-05 E-07 every code of the union has one row, with a gRPC status, an outcome and a remedy', () => {
  // The records are typed by the three unions, so that a missing row does not compile.
  const codes = [SERVER_FAILURES, GRPC_FAILURES, CLIENT_FAILURES].flatMap((rows) => Object.keys(rows));
  assert.equal([...errorCodes()].sort(), [...new Set(codes)].sort());
  assert.is(codes.length, 63 + 16 + 18);
  assert.is(errorCodes().length, codes.length - 1, "PERMISSION_DENIED is both etcd's and gRPC's");
  assert.is(SERVER_FAILURES.PERMISSION_DENIED[2], GRPC_FAILURES.PERMISSION_DENIED[2]);
  for (const code of errorCodes()) {
    assert.ok(grpcCodeOf(code) >= 1 && grpcCodeOf(code) <= 16, code);
    assert.ok(['not-applied', 'unknown'].includes(outcomeOf(code)), code);
    assert.ok(REMEDIES.includes(remedyOf(code)), code);
  }
});

test("gRPC's codes are their own status, and of a write they prove nothing", () => {
  for (const [number, code] of GRPC_CODES.entries()) {
    if (code === 'OK') continue;
    assert.equal([grpcCodeOf(code), GRPC_FAILURES[code][0], GRPC_FAILURES[code][1]], [number, code, 'unknown']);
  }
});

test('the gRPC status of an error follows from its code, also after the code has changed', () => {
  for (const code of errorCodes()) {
    const error = new EtcdError({ code, message: 'x', outcome: 'unknown' });
    assert.is(error.grpcCode, grpcCodeOf(code));
  }
  const error = new EtcdError({ code: 'UNAVAILABLE', message: 'x', outcome: 'unknown' });
  assert.is(withFields(error, { code: 'KEY_EXISTS' }).grpcCode, 6);
});

test('another try may help after these failures, and after no other', () => {
  assert.equal(withRemedy('again'), [
    ...['ABORTED', 'CANCELLED', 'LEADER_CHANGED', 'TRANSACTION_CONFLICT', 'UNAVAILABLE'],
  ]);
  assert.equal(withRemedy('elsewhere'), [
    ...['DEADLINE_EXCEEDED', 'INTERNAL', 'NOT_CAPABLE', 'NOT_LEADER', 'NOT_SUPPORTED_FOR_LEARNER', 'NO_LEADER'],
    ...['REQUEST_CANCELED', 'REQUEST_DEADLINE_EXCEEDED', 'STOPPED', 'TIMEOUT', 'TIMEOUT_DUE_TO_CONNECTION_LOST'],
    ...['TIMEOUT_DUE_TO_LEADER_FAIL', 'TIMEOUT_WAIT_APPLIED_INDEX', 'UNHEALTHY', 'UNKNOWN', 'WATCH_CANCELED'],
  ]);
  assert.equal(withRemedy('later'), [
    ...['CACHE_NOT_READY', 'CLUSTER_VERSION_UNAVAILABLE', 'NO_GREATER_REVISION', 'RESOURCE_EXHAUSTED'],
    'TOO_MANY_REQUESTS',
  ]);
  assert.equal(withRemedy('token'), ['AUTH_OLD_REVISION', 'INVALID_AUTH_TOKEN', 'UNAUTHENTICATED', 'USER_EMPTY']);
});

test('a learner and a member that is too old answer the same to every such request; a cluster without a version does not', () => {
  assert.equal(errorCodes().filter(isLasting).sort(), ['NOT_CAPABLE', 'NOT_SUPPORTED_FOR_LEARNER']);
  // A member gives it after a linearizable read, so that all members would: it passes when the leader has decided.
  assert.equal([remedyOf('CLUSTER_VERSION_UNAVAILABLE'), isLasting('CLUSTER_VERSION_UNAVAILABLE')], ['later', false]);
});

test('certificates and sizes do not change by themselves', () => {
  for (const code of ['TLS_FAILED', 'REQUEST_TOO_LARGE', 'RESPONSE_TOO_LARGE'] as const)
    assert.is(remedyOf(code), 'none');
  assert.equal([outcomeOf('TLS_FAILED'), outcomeOf('RESPONSE_TOO_LARGE')], ['not-applied', 'unknown']);
});

test('K-5 the codes of the packages above have status, outcome and remedy', () => {
  const rows = (
    [
      ...['SESSION_ENDED', 'LOCK_LOST', 'ELECTION_NOT_LEADER', 'ELECTION_NO_LEADER', 'TRANSACTION_CONFLICT'],
      ...['NO_GREATER_REVISION', 'CACHE_NOT_READY', 'KEY_EXISTS', 'TOO_MANY_CLIENTS'],
    ] as EtcdErrorCode[]
  ).map((code) => [GRPC_CODES[grpcCodeOf(code)], outcomeOf(code), remedyOf(code)].join(' '));
  assert.equal(rows, [
    'CANCELLED not-applied none',
    'ABORTED not-applied none',
    'FAILED_PRECONDITION not-applied none',
    'NOT_FOUND not-applied none',
    'ABORTED not-applied again',
    'UNAVAILABLE not-applied later',
    'UNAVAILABLE not-applied later',
    'ALREADY_EXISTS not-applied none',
    'RESOURCE_EXHAUSTED not-applied none',
  ]);
});

test('an error has the remedy of its code; of a code of another version no promise is made', () => {
  assert.is(remedyOf(new EtcdError({ code: 'NO_LEADER', message: 'x', outcome: 'not-applied' })), 'elsewhere');
  const foreign = 'A_CODE_OF_LATER' as EtcdErrorCode;
  assert.equal([remedyOf(foreign), outcomeOf(foreign), isLasting(foreign)], ['none', 'unknown', false]);
  assert.is(isLasting('toString' as EtcdErrorCode), false);
  assert.is(new EtcdError({ code: foreign, message: 'x', outcome: 'unknown' }).grpcCode, 2);
});

test.run();
