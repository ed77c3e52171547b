// The one error of this package. Its texts show neither keys nor the prefix.
import { EtcdError } from '@etcdts/core';

/** The RPC that returned an invalid response, and the outcome to report for its request. */
export interface Answering {
  readonly name: string;
  readonly outcome: 'not-applied' | 'unknown';
}

/** The error for a response with a key from outside. */
export function foreignKey(method: Answering): EtcdError {
  return new EtcdError({
    code: 'NAMESPACE_VIOLATION',
    message: 'etcd answered with a key from outside the namespace',
    outcome: method.outcome,
    method: method.name,
    attempts: 1,
  });
}

/** The error for an operation that reaches beyond the namespace. Nothing was sent. */
export function refused(message: string): EtcdError {
  return new EtcdError({ code: 'NAMESPACE_VIOLATION', message, outcome: 'not-applied' });
}
