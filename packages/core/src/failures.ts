// Reads the table in error-codes.ts.
import {
  CLIENT_FAILURES,
  GRPC_CODES,
  GRPC_FAILURES,
  SERVER_FAILURES,
  type EtcdErrorCode,
  type EtcdServerCode,
  type FailureRow,
  type Outcome,
  type Remedy,
} from './error-codes.ts';

/** A code, or an error that carries one. */
export type Failure =
  | EtcdErrorCode
  | {
      /** What failed. */
      readonly code: EtcdErrorCode;
    };

const ROWS: ReadonlyMap<string, FailureRow> = new Map<string, FailureRow>([
  ...Object.entries(GRPC_FAILURES),
  ...Object.entries(CLIENT_FAILURES),
  ...Object.entries(SERVER_FAILURES).map(([code, [grpc, outcome, remedy]]) => [code, [grpc, outcome, remedy]] as const),
]);

// The row of a code that only another copy of this package has. It promises nothing.
const UNLISTED: FailureRow = ['UNKNOWN', 'unknown', 'none'];

function rowOf(failure: Failure): FailureRow {
  return ROWS.get(typeof failure === 'string' ? failure : failure.code) ?? UNLISTED;
}

/**
 * What may turn a failure into an answer. Every caller that tries again uses this one rule. A write may be repeated only if
 * its error's `outcome` is `'not-applied'` too.
 */
export function remedyOf(failure: Failure): Remedy {
  return rowOf(failure)[2];
}

/** Whether the member that gave this verdict gives it to every such request, so that a second attempt there is useless. */
export function isLasting(failure: Failure): boolean {
  const code = typeof failure === 'string' ? failure : failure.code;
  return Object.hasOwn(SERVER_FAILURES, code) && SERVER_FAILURES[code as EtcdServerCode][4] === 'never';
}

/** Whether a code is one of etcd's own verdicts. */
export function isVerdict(failure: Failure): boolean {
  return Object.hasOwn(SERVER_FAILURES, typeof failure === 'string' ? failure : failure.code);
}

/** The gRPC status number of a code. */
export function grpcCodeOf(code: EtcdErrorCode): number {
  return GRPC_CODES.indexOf(rowOf(code)[0]);
}

/** The outcome of a write that was sent and failed with this code. A read is never applied. */
export function outcomeOf(code: EtcdErrorCode): Outcome {
  return rowOf(code)[1];
}

/** Every code of the table. */
export function errorCodes(): readonly EtcdErrorCode[] {
  return [...ROWS.keys()] as EtcdErrorCode[];
}

const BY_TEXT: ReadonlyMap<string, EtcdServerCode> = new Map([
  ...Object.entries(SERVER_FAILURES).map(([code, row]) => [row[3], code as EtcdServerCode] as const),
  // The auth store's own texts. Before 3.6, clients receive them unchanged from RPCs that are streams, such as Snapshot. The last
  // one has no status in any version.
  ['auth: invalid auth token', 'INVALID_AUTH_TOKEN'],
  ['auth: revision in header is old', 'AUTH_OLD_REVISION'],
  ['auth: user name is empty', 'USER_EMPTY'],
  ['auth: permission denied', 'PERMISSION_DENIED'],
  ['auth: authentication failed, password was given for no password user', 'AUTH_FAILED'],
]);

/** The code of etcd's verdict with this text; `undefined` for any other text. A proxy may have put it into a text of gRPC's. */
export function serverError(text: string): EtcdServerCode | undefined {
  const plain = BY_TEXT.get(text);
  if (plain !== undefined) return plain;
  const wrapped = /^rpc error: code = \w+ desc = (.*)$/s.exec(text);
  return wrapped ? serverError(wrapped[1] as string) : undefined;
}
