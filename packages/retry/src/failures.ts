// Data: which failures another try may turn into an answer. What is not here is a verdict, which another try would only
// hear again, or the business of others: tokens are `@etcdts/auth`'s.
import type { EtcdError, EtcdErrorCode } from '@etcdts/core';

/**
 * Where the next try goes. `again`: anywhere, the connection or the whole cluster was in the way. `elsewhere`: this member
 * was, so another one if there is one. `later`: never at once, for etcd asks for less.
 */
export type NextTry = 'again' | 'elsewhere' | 'later';

const NEXT_TRY: ReadonlyMap<EtcdErrorCode, NextTry> = new Map<EtcdErrorCode, NextTry>([
  // The connection, or something between.
  ['UNAVAILABLE', 'again'],
  ['CANCELLED', 'again'],
  ['INTERNAL', 'elsewhere'],
  ['UNKNOWN', 'elsewhere'],
  ['DEADLINE_EXCEEDED', 'elsewhere'],
  ['RESOURCE_EXHAUSTED', 'later'],
  // The cluster changes its leader.
  ['LEADER_CHANGED', 'again'],
  ['NOT_LEADER', 'again'],
  // The member has lost touch with the others, or stops.
  ['NO_LEADER', 'elsewhere'],
  ['STOPPED', 'elsewhere'],
  ['TIMEOUT', 'elsewhere'],
  ['TIMEOUT_DUE_TO_LEADER_FAIL', 'elsewhere'],
  ['TIMEOUT_DUE_TO_CONNECTION_LOST', 'elsewhere'],
  ['TIMEOUT_WAIT_APPLIED_INDEX', 'elsewhere'],
  ['UNHEALTHY', 'elsewhere'],
  ['REQUEST_CANCELED', 'elsewhere'],
  ['REQUEST_DEADLINE_EXCEEDED', 'elsewhere'],
  // The member is not one that can.
  ['NOT_SUPPORTED_FOR_LEARNER', 'elsewhere'],
  ['NOT_CAPABLE', 'elsewhere'],
  // The member has too much to do.
  ['TOO_MANY_REQUESTS', 'later'],
]);

/** What another member may say, and the same one never will. */
const OF_THE_MEMBER: ReadonlySet<EtcdErrorCode> = new Set<EtcdErrorCode>(['NOT_SUPPORTED_FOR_LEARNER', 'NOT_CAPABLE']);

// Certificates do not change by asking again, and messages do not become smaller.
const FINAL_TEXT = /^(UNAVAILABLE: TLS: |RESOURCE_EXHAUSTED: .*larger than max)/;

/** Where another try goes after this failure; nothing where there is no use in one. */
export function nextTry(error: EtcdError): NextTry | undefined {
  // Refused in the client. A deadline, though, may pass before there is a connection to send on.
  if (error.attempts === 0 && error.code !== 'DEADLINE_EXCEEDED') return undefined;
  return FINAL_TEXT.test(error.message) ? undefined : NEXT_TRY.get(error.code);
}

/** Whether a failure is one that its member will always answer with. */
export function isOfTheMember(error: EtcdError): boolean {
  return OF_THE_MEMBER.has(error.code);
}
