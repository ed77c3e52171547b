import { isEtcdError } from '@etcdts/core';

/** The values of `grpc_code`: gRPC's status codes by number, as Go spells them (google.golang.org/grpc/codes). */
export const GO_CODES: readonly string[] = [
  'OK',
  'Canceled',
  'Unknown',
  'InvalidArgument',
  'DeadlineExceeded',
  'NotFound',
  'AlreadyExists',
  'PermissionDenied',
  'ResourceExhausted',
  'FailedPrecondition',
  'Aborted',
  'OutOfRange',
  'Unimplemented',
  'Internal',
  'Unavailable',
  'DataLoss',
  'Unauthenticated',
];

export const OK = 0;
export const CANCELED = 1;
const UNKNOWN = 2;

/** The number of the code with which a call ended. An abort by its caller is Canceled, whatever the reason. */
export function codeOf(reason: unknown, signal: AbortSignal | undefined): number {
  if (signal?.aborted === true && reason === signal.reason) return CANCELED;
  if (!isEtcdError(reason) || reason.grpcCode === OK || GO_CODES[reason.grpcCode] === undefined) return UNKNOWN;
  return reason.grpcCode;
}
