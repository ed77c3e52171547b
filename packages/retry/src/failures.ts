import { remedyOf, type EtcdError, type Remedy } from '@etcdts/core';

/** The place of the next try. `@etcdts/auth` handles tokens. */
export type NextTry = Exclude<Remedy, 'none' | 'token'>;

/** Returns the place of another try after this failure; `undefined` if another try is of no use. */
export function nextTry(error: EtcdError): NextTry | undefined {
  // The client has refused the call. A deadline, though, may pass before there is a connection to send on.
  if (error.attempts === 0 && error.code !== 'DEADLINE_EXCEEDED') return undefined;
  const remedy = remedyOf(error);
  return remedy === 'none' || remedy === 'token' ? undefined : remedy;
}
