import { EtcdError } from '@etcdts/core';

/** A write whose reply was lost may still be applied, after a later one too. */
export function unsettled(cause: EtcdError): EtcdError {
  const message = `a write of the mirror may have been applied or not, and no checkpoint can show it: give it a checkpoint; ${cause.message}`;
  return new EtcdError({ code: cause.code, message, outcome: 'unknown', cause });
}

/** The key of the checkpoint is the place of a mirrored key too. */
export function checkpointTaken(): EtcdError {
  const message = 'a key of the source has the key of the checkpoint on the target: choose another checkpoint';
  return new EtcdError({ code: 'FAILED_PRECONDITION', message, outcome: 'not-applied' });
}

/** The client of one of the two sides is closed, which ends the mirror. */
export function clientClosed(): EtcdError {
  return new EtcdError({
    code: 'CLIENT_CLOSED',
    message: 'the client of the mirror is closed',
    outcome: 'not-applied',
  });
}
